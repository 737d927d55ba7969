/** The table that `manage.py migrate` creates, as Django's `sqlmigrate` prints it. */
export const DJANGO_TABLE = {
  sqlite: (
    table: string,
  ): string => `CREATE TABLE "${table}" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE INDEX "${table}_expire_date_a5c62663" ON "${table}" ("expire_date");`,
  postgres: (
    table: string,
  ): string => `CREATE TABLE "${table}" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL);
CREATE INDEX "${table}_session_key_c0390e0f_like" ON "${table}" ("session_key" varchar_pattern_ops);
CREATE INDEX "${table}_expire_date_a5c62663" ON "${table}" ("expire_date");`,
  mysql: (table: string): string =>
    `CREATE TABLE \`${table}\` (\`session_key\` varchar(40) NOT NULL PRIMARY KEY, \`session_data\` longtext NOT NULL, \`expire_date\` datetime(6) NOT NULL, KEY \`${table}_expire_date_a5c62663\` (\`expire_date\`))`,
} as const
