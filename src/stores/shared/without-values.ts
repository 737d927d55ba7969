/**
 * Where an error has the values of its command: in ioredis, and in PostgreSQL ("Failing row
 * contains …").
 */
const VALUES = ['command', 'detail']

/**
 * Removes the values of a command from its error. They contain the whole session, and loggers print
 * every property of an error and of its causes.
 */
export function withoutValues(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  for (const name of VALUES) Reflect.deleteProperty(error, name)
  if ('lastNodeError' in error) withoutValues(error.lastNodeError) // of a cluster of ioredis
  return error
}
