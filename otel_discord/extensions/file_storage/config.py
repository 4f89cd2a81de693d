"""Keys of ``file_storage``."""

from pathlib import Path

from pydantic import Field

from otel_discord.config import Duration, StrictModel

DATABASE_NAME = "file_storage.db"
MIB = 1024 * 1024


class CompactionConfig(StrictModel):
    """How room that is no longer needed goes back to the file system."""

    on_rebound: bool = True
    """Give it back in small steps while nothing else is to do, once a backlog has gone."""
    keep_free_mib: int = Field(default=16, ge=0, le=1024 * 1024)
    """How much free room inside of the file is kept for what comes next."""
    on_start: bool = False
    """Write the whole file anew at start; needs as much free space as the file has, and its time."""


class DamagedFilesConfig(StrictModel):
    """What becomes of damaged files that were set aside beside the database."""

    retention: Duration = 30 * 24 * 3600.0
    """How long they are kept; 0s: for ever."""
    max_mib: int = Field(default=1024, ge=0, le=1024 * 1024)
    """How much they may take up together: beyond it the oldest go; the newest always stays. 0: any."""


class FileStorageConfig(StrictModel):
    """Where waiting work is kept, how safely, and how much of the disk it may have."""

    directory: Path = Path("/var/lib/otel-discord/file_storage")
    """Where the files are. One process uses a directory; several exporters share one ``file_storage``."""
    create_directory: bool = True
    """Create the directory, and those above it, with mode 0700."""
    fsync: bool = True
    """On: OK means *on disk*, also after a power cut. Off: a power cut may lose the last moments of what was answered
    OK; a crash of the process does not."""
    max_mib: int = Field(default=4096, ge=1, le=16 * 1024 * 1024)
    """How large waiting work may become. Beyond it new work is refused and clients try again."""
    min_free_mib: int = Field(default=256, ge=0, le=16 * 1024 * 1024)
    """How much of the volume stays free: below it new work is refused. At most 5 % of the volume count, so that small
    ones work."""
    ballast_mib: int = Field(default=16, ge=0, le=4096)
    """Space held by a file of no content, given up when the disk is full and waiting work must still be ended. At most
    a quarter of the volume; 0: none."""
    allow_network_file_system: bool = False
    """Start also on NFS, SMB and the like, where locks and fsync may not keep their word."""
    compaction: CompactionConfig = CompactionConfig()
    """How room that is no longer needed goes back to the file system."""
    damaged_files: DamagedFilesConfig = DamagedFilesConfig()
    """What becomes of damaged files that were set aside."""

    @property
    def state_directory(self) -> Path:
        """Where the control socket and dead letters live beside the database."""
        return self.directory
