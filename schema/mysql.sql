CREATE TABLE IF NOT EXISTS `sessions` (
  `key` varbinary(255) NOT NULL PRIMARY KEY,
  `version` longblob NOT NULL,
  `expires_at` bigint NOT NULL, -- times are epoch milliseconds
  `seen_at` bigint NOT NULL,
  `created_at` bigint NOT NULL,
  `id_at` bigint NOT NULL,
  `user_id` varbinary(2048),
  `group_id` varbinary(2048),
  `proof` longblob NOT NULL,
  `commits` longblob NOT NULL,
  `payload` longblob NOT NULL,
  KEY `expires_at` (`expires_at`),
  KEY `user_id` (`user_id`, `key`)
) ENGINE = InnoDB;
