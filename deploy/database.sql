-- The database and the two logins of docs/sql-server.md, for sqlcmd with -v password=... owner=...; may be run again. The schema is made here already, so that the right to its rows can be given before
-- the tables are.
IF DB_ID('storyfarm') IS NULL CREATE DATABASE storyfarm;
GO
ALTER DATABASE storyfarm SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO
IF SUSER_ID('storyfarm_owner') IS NULL CREATE LOGIN storyfarm_owner WITH PASSWORD = '$(owner)';
IF SUSER_ID('storyfarm') IS NULL CREATE LOGIN storyfarm WITH PASSWORD = '$(password)';
GO
USE storyfarm;
GO
IF USER_ID('storyfarm_owner') IS NULL CREATE USER storyfarm_owner FOR LOGIN storyfarm_owner;
IF USER_ID('storyfarm') IS NULL CREATE USER storyfarm FOR LOGIN storyfarm;
ALTER ROLE db_owner ADD MEMBER storyfarm_owner;
GO
IF SCHEMA_ID('storyfarm') IS NULL EXEC('CREATE SCHEMA storyfarm AUTHORIZATION storyfarm_owner');
GO
GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::storyfarm TO storyfarm;
GO
