-- 0008 settings: which line is the usual sender, what Twilio said when the credentials were last checked, and passwords that
-- somebody else made.

ALTER TABLE line
  ADD COLUMN is_default TINYINT(1) NOT NULL DEFAULT 0 COMMENT '1: the sender of its channel when nobody chooses one; at most one a channel; none: the oldest' AFTER active;

ALTER TABLE twilio_account
  MODIFY COLUMN auth_token VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sealed; checks signatures, signs REST calls when there is no API key; empty until it is given',
  ADD COLUMN checked_at DATETIME(3) NULL COMMENT 'when Twilio was last asked about these credentials; NULL: never since they were changed',
  ADD COLUMN checked_state VARCHAR(12) CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'good, suspended, refused, unreachable',
  ADD COLUMN checked_account VARCHAR(40) NOT NULL DEFAULT '' COMMENT 'status and type of the account as Twilio names them: "active Full"',
  ADD COLUMN checked_ms INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'how long the answers took',
  ADD COLUMN checked_code INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Twilio''s error, 0: none',
  ADD COLUMN checked_words VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'Twilio''s words when it refused';

ALTER TABLE user
  ADD COLUMN password_once TINYINT(1) NOT NULL DEFAULT 0 COMMENT '1: an admin made the password; nothing but replacing it is allowed' AFTER password_hash;
