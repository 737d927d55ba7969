CREATE TABLE IF NOT EXISTS "sessions" (
  "key" text COLLATE "C" NOT NULL PRIMARY KEY,
  "version" text COLLATE "C" NOT NULL,
  "expires_at" bigint NOT NULL, -- times are epoch milliseconds
  "expires_hour" bigint GENERATED ALWAYS AS ("expires_at" / 3600000) STORED,
  "seen_at" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "id_at" bigint NOT NULL,
  "user_id" text COLLATE "C",
  "group_id" text COLLATE "C",
  "proof" text COLLATE "C" NOT NULL,
  "commits" text COLLATE "C" NOT NULL,
  "payload" text COLLATE "C" NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS "sessions_expires_hour" ON "sessions" ("expires_hour");
CREATE INDEX IF NOT EXISTS "sessions_user_id" ON "sessions" ("user_id", "key") WHERE "user_id" IS NOT NULL;
