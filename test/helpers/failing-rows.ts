import { MemoryStore } from '../../src/stores/memory.ts'

type Load = Parameters<MemoryStore['load']>[0]
type Create = Parameters<MemoryStore['create']>[0]
type Replace = Parameters<MemoryStore['replace']>[0]

/** A store in memory that fails, or in which something else happens, at chosen operations. */
export class FailingRows extends MemoryStore {
  /** How many of the next loads fail that check a write. */
  failures = 0
  /** Whether reads of marks, and writes of rows that exist, fail. The store still responds to a probe. */
  isDown = false
  /** Called once, before the next write that adds a row. */
  beforeCreate: (() => Promise<unknown>) | undefined
  /** Called once, before the next write of a row that exists. */
  beforeReplace: (() => Promise<unknown>) | undefined

  constructor() {
    super({ max: Number.POSITIVE_INFINITY })
  }

  override async create(operation: Create): ReturnType<MemoryStore['create']> {
    const { beforeCreate } = this
    this.beforeCreate = undefined
    await beforeCreate?.()
    return super.create(operation)
  }

  override async replace(operation: Replace): ReturnType<MemoryStore['replace']> {
    const { beforeReplace } = this
    this.beforeReplace = undefined
    await beforeReplace?.()
    if (this.isDown) throw new Error('connection refused')
    return super.replace(operation)
  }

  override async load(operation: Load): ReturnType<MemoryStore['load']> {
    const isRefused = this.isDown && operation.key.startsWith('mark.')
    if (!isRefused && (operation.fresh !== true || this.failures === 0)) return super.load(operation)
    this.failures = Math.max(0, this.failures - 1)
    throw new Error('connection refused')
  }
}
