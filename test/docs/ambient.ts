/** The types of names that examples may use without declaring them. */
export const NAMES: Readonly<Record<string, string>> = {
  app: "import('express').Express",
  req: "import('express').Request",
  res: "import('express').Response",

  store: "import('sojourn').Store",
  session: "import('sojourn').Session & typeof import('sojourn/express').session",
  sessions: "import('sojourn').Sessions",
  createSessions: "typeof import('sojourn').createSessions",
  MemoryStore: "typeof import('sojourn/stores/memory').MemoryStore",
  SqliteStore: "typeof import('sojourn/stores/sqlite').SqliteStore",
  MyStore: "new () => import('sojourn').Store",

  cookies: "{ get(name: string): string | undefined; set(name: string, value: string, options: import('sojourn').JarCookieOptions): void }",

  user: '{ readonly id: string }',
  userId: 'string',
  id: 'string',
  handle: 'string',
  closingTime: 'number',
  gone: 'string',
  logger: '{ debug(value: unknown): void }',
}

/** Declares these names for all files of a program. An example's own declarations take precedence. */
export function declarationsOf(names: readonly string[]): string {
  return names.map((name) => `declare const ${name}: ${NAMES[name]}\n`).join('')
}
