-- 0013 hours: several spans of business hours a day, and days on which nobody opens.

-- The single span of a day becomes a list of one. Not twice, should this be cut short and run again.
UPDATE reply_rule SET hours = REPLACE(REPLACE(hours, '["', '[["'), '"]', '"]]') WHERE hours LIKE '%["%' AND hours NOT LIKE '%[[%';

ALTER TABLE reply_rule
  MODIFY hours VARCHAR(500) CHARACTER SET ascii NULL COMMENT 'JSON: weekday (mon to sun) to spans of opening and closing time in the tenant''s zone, on the next day where it is not later; absent days are closed; NULL: always open';

CREATE TABLE reply_closed_day (
  tenant_id INT UNSIGNED NOT NULL COMMENT 'owner',
  rule_id   INT UNSIGNED NOT NULL COMMENT 'of the rule',
  day       VARCHAR(10)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT '2026-12-25, or 12-25: every year; in the tenant''s zone',
  name      VARCHAR(60)  NOT NULL DEFAULT '' COMMENT 'what it is called; may be empty',
  PRIMARY KEY (tenant_id, rule_id, day),
  CONSTRAINT fk_reply_closed_day_rule FOREIGN KEY (tenant_id, rule_id) REFERENCES reply_rule (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Days on which business hours do not begin: holidays.';
