// Loaded before the server of a starter. Tests post to its port: after `hold`, the next request waits
// when it has loaded its session; `held` responds when it does so, and `release` lets it continue.
// After `fail`, every write fails with a message that no visitor may see, until `heal`.
import { createServer } from 'node:http'
import { StoreError } from 'sojourn'
import { SqliteStore } from 'sojourn/stores/sqlite'

const { load, create, replace } = SqliteStore.prototype
let next
let current
let isFailing = false

SqliteStore.prototype.load = async function (operation) {
  const entry = await load.call(this, operation)
  const held = next
  next = undefined
  held?.arrived.resolve()
  await held?.released.promise
  return entry
}
SqliteStore.prototype.create = async function (operation) {
  failIfWanted('create')
  return create.call(this, operation)
}
SqliteStore.prototype.replace = async function (operation) {
  failIfWanted('replace')
  return replace.call(this, operation)
}

function failIfWanted(operation) {
  if (isFailing) throw new StoreError(operation, new Error('password authentication failed at db.internal'), { applied: false })
}

const steps = {
  hold() {
    current = { arrived: Promise.withResolvers(), released: Promise.withResolvers() }
    next = current
  },
  held: () => current.arrived.promise,
  release: () => current.released.resolve(),
  fail() {
    isFailing = true
  },
  heal() {
    isFailing = false
  },
}

createServer(async (req, res) => {
  await steps[req.url.slice(1)]()
  res.end()
}).listen(process.env.GATE_PORT, '127.0.0.1')
