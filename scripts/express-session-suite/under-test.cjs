// The module under test, with stores that can be observed. The suite counts calls of `store.set`, and
// makes `get`, `set`, `touch` and `destroy` fail by overwriting them. A store with compare-and-swap
// has other methods, so each of those calls what the suite has overwritten, and fails with its error.
'use strict'
const real = require(process.env.SUITE_TARGET)

const PROBE = { cookie: {} }

/** Calls a method of a store for express-session. */
function call(store, name, ...args) {
  return new Promise((resolve, reject) => store[name](...args, (error, value) => (error ? reject(error) : resolve(value))))
}

/** A store of sojourn that calls the methods which the suite has overwritten on `outer`. */
class ObservedStore {
  constructor(inner) {
    this.inner = inner
    this.capabilities = inner.capabilities
  }
  async load(operation) {
    try {
      await this.probe('get')
    } catch (error) {
      if (error.code === 'ENOENT') return undefined
      throw error
    }
    return this.inner.load(operation)
  }
  async create(operation) {
    await this.probe('set', PROBE)
    return this.inner.create(operation)
  }
  async replace(operation) {
    await this.probe('set', PROBE)
    return this.inner.replace(operation)
  }
  async touch(operation) {
    await this.probe('touch', PROBE)
    return this.inner.touch(operation)
  }
  async delete(operation) {
    await this.probe('destroy')
    return this.inner.delete(operation)
  }
  async probe(name, ...args) {
    if (Object.hasOwn(this.outer, name)) await call(this.outer, name, 'probe', ...args)
  }
  list(operation) {
    return this.inner.list(operation)
  }
  deleteByIndex(operation) {
    return this.inner.deleteByIndex(operation)
  }
}

/** Rows in a store that the suite implements. Compare-and-swap in one process is all that a test needs. */
class RowsOf {
  constructor(store) {
    this.store = store
    this.capabilities = { compareAndSwap: true, list: false, indexes: [], carriesData: false }
    this.turn = Promise.resolve()
  }
  alone(work) {
    const turn = this.turn.then(work, work)
    this.turn = turn.catch(() => {})
    return turn
  }
  async read(key) {
    return key in this.store.sessions ? (await call(this.store, 'get', key))?.entry : undefined
  }
  async load({ key, now }) {
    const entry = await this.read(key)
    return entry && entry.expiresAt > now ? entry : undefined
  }
  async put(key, entry) {
    await call(this.store, 'set', key, { cookie: {}, entry })
    return { ok: true }
  }
  create({ key, entry }) {
    return this.alone(async () => ((await this.read(key)) ? { ok: false, reason: 'taken' } : this.put(key, entry)))
  }
  replace({ key, entry, expected, now }) {
    return this.alone(async () => {
      const current = await this.load({ key, now })
      if (!current) return { ok: false, reason: 'missing' }
      return current.version === expected ? this.put(key, entry) : { ok: false, reason: 'stale', current }
    })
  }
  touch({ key, expiresAt, expected, now }) {
    return this.alone(async () => {
      const current = await this.load({ key, now })
      if (!current || current.version !== expected || expiresAt < current.expiresAt) return false
      await this.put(key, { ...current, seenAt: now, expiresAt })
      return true
    })
  }
  delete({ key }) {
    return this.alone(async () => {
      const existed = (await this.read(key)) !== undefined
      await call(this.store, 'destroy', key)
      return existed
    })
  }
}

class MemoryStore extends real.MemoryStore {
  constructor() {
    super()
    this.rows = Object.assign(new ObservedStore(this.rows), { outer: this })
  }
  set(sid, session, callback) {
    return session === PROBE ? void setImmediate(() => callback()) : super.set(sid, session, callback)
  }
}

function session(options = {}) {
  const { store = new MemoryStore() } = options
  const middleware = real({ ...options, store: store.rows === undefined ? new RowsOf(store) : store })
  // express-session passes on what the driver threw; a `StoreError` has it as its cause.
  return (req, res, next) => middleware(req, res, (error) => next(error?.code === 'ERR_SESSION_STORE' ? error.cause : error))
}

module.exports = Object.assign(session, { Store: real.Store, Cookie: real.Cookie, Session: real.Session, MemoryStore })
