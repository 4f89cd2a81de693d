"""Front door for the machine itself: CPU, memory, disks, network and this process, measured at intervals."""
