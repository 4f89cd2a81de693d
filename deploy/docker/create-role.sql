-- Once, while the volume is empty: a role that owns its database, and may do nothing else.
\set password `cat /run/secrets/postgresql_password`
CREATE ROLE otel_discord LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE otel_discord OWNER otel_discord;
REVOKE ALL ON DATABASE otel_discord FROM PUBLIC;
