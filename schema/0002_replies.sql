-- 0002 replies: which line answers by itself, and how.

CREATE TABLE reply_rule (
  tenant_id   INT UNSIGNED NOT NULL COMMENT 'owner',
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  line_id     INT UNSIGNED NULL COMMENT 'the line; NULL: what holds for every line without a rule of its own',
  line_key    INT UNSIGNED AS (COALESCE(line_id, 0)) PERSISTENT COMMENT 'the line or 0: one rule a line, one default',
  mode        VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'none, text, ai, keywords; inherit (of a line): as the default',
  since       DATETIME(3)  NULL COMMENT 'when it went from off to on: earlier messages are not answered; NULL while off',
  body        VARCHAR(640) NOT NULL DEFAULT '' COMMENT 'the answer of mode text; at most 640 UTF-16 units',
  hours       VARCHAR(500) CHARACTER SET ascii NULL COMMENT 'JSON: weekday (mon to sun) to opening and closing time in the tenant''s zone; absent days are closed; NULL: always open',
  closed_body VARCHAR(640) NOT NULL DEFAULT '' COMMENT 'the answer outside those hours, once a closed period; empty: none',
  fallback    VARCHAR(640) NOT NULL DEFAULT '' COMMENT 'the answer of mode keywords to anything else; empty: none',
  most        TINYINT UNSIGNED NOT NULL DEFAULT 5 COMMENT 'automatic answers in a conversation without a person''s message or a new day',
  updated_at  DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last change',
  updated_by  VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'by whom: the name at that time',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_reply_rule_id (id),
  UNIQUE KEY uq_reply_rule_line (tenant_id, line_key),
  KEY ix_reply_rule_line (tenant_id, line_id),
  CONSTRAINT fk_reply_rule_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id),
  CONSTRAINT fk_reply_rule_line FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How messages are answered by themselves: the tenant''s default and each line''s own.';

CREATE TABLE reply_keyword (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  rule_id    INT UNSIGNED NOT NULL COMMENT 'of the rule',
  word       VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'folded (base/fold.h): a message that is exactly this',
  label      VARCHAR(64)  NOT NULL COMMENT 'the same as it was typed',
  answer     VARCHAR(640) NOT NULL COMMENT 'what is answered',
  PRIMARY KEY (tenant_id, rule_id, word),
  CONSTRAINT fk_reply_keyword_rule FOREIGN KEY (tenant_id, rule_id) REFERENCES reply_rule (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The keyword bot''s words and answers.';
