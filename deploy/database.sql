-- The database and its three users. Write a password of your own into each line, the same ones into etc/centrala.conf.
CREATE DATABASE centrala CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
-- owner: changes the schema; only centralactl uses it
CREATE USER centrala_owner@localhost IDENTIFIED BY '';
GRANT ALL ON centrala.* TO centrala_owner@localhost;
-- app: reads and writes
CREATE USER centrala_app@localhost IDENTIFIED BY '';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON centrala.* TO centrala_app@localhost;
-- reader: pages that only show something run as this one
CREATE USER centrala_reader@localhost IDENTIFIED BY '';
GRANT SELECT ON centrala.* TO centrala_reader@localhost;
