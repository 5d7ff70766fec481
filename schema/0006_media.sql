-- Attachments: the files themselves, and how far each one has come.

CREATE TABLE media_file (
  tenant_id    INT UNSIGNED NOT NULL COMMENT 'owner: two tenants never share a file',
  sha256       CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the content; also its name under media.folder',
  content_type VARCHAR(100) CHARACTER SET ascii NOT NULL COMMENT 'what it is served as: decided by us, from the content',
  size         INT UNSIGNED NOT NULL COMMENT 'bytes',
  used_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last time something was stored with it: a younger one is not swept away',
  PRIMARY KEY (tenant_id, sha256),
  CONSTRAINT fk_media_file_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Files kept outside of the database, once per content.';

ALTER TABLE message_media
  ADD COLUMN state     VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'pending'
    COMMENT 'pending (to be fetched), fetching, stored, failed, refused (not an address we may call), linked (an address we sent), removed',
  ADD COLUMN tries     TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'fetches begun',
  ADD COLUMN next_at   DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'not before; for fetching: end of the lease',
  ADD COLUMN claim     CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  ADD COLUMN reason    VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'why it failed or waits: gone, denied, large, empty, unreachable, forged, lost',
  ADD COLUMN sha256    CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the file, when stored',
  ADD COLUMN file_name VARCHAR(120) NOT NULL DEFAULT '' COMMENT 'as the sender of ours named it',
  ADD KEY ix_media_due (state, next_at),
  ADD KEY ix_media_file (tenant_id, sha256),
  ADD CONSTRAINT fk_media_stored FOREIGN KEY (tenant_id, sha256) REFERENCES media_file (tenant_id, sha256);

UPDATE message_media x JOIN message m ON m.tenant_id = x.tenant_id AND m.conversation_id = x.conversation_id AND m.id = x.message_id
  SET x.state = 'linked' WHERE m.direction = 1;
