/** Options of `openStore` that are not part of the URL. */
export interface OpenStoreOptions {
  /** Creates missing tables and indexes at the first use. Default `true`. */
  readonly createTable?: boolean
  /**
   * Throws a `ConfigError` if a SQLite file does not exist, instead of creating it. Default
   * `false`.
   */
  readonly existing?: boolean
}
