// The pool, with connections that do nothing and timers that stand still.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { PortError } from '../../ports/port-error.ts'
import { createPool, type Pool } from './postgres-pool.ts'

type FakeConnection = {
  id: number
  isOpen(): boolean
  close(): Promise<void>
  destroy(): void
  /** As when the server hangs up. */
  die(): void
}

const limits = { connectionsMax: 2, waitingMax: 3, waitMsMax: 100 }

describe('A pool', () => {
  let connections: FakeConnection[]
  let pool: Pool<FakeConnection>
  let refusal: Error | null

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
    connections = []
    refusal = null
    pool = createPool({ limits, connect })
  })

  afterEach(() => mock.timers.reset())

  async function connect(onLost: () => void): Promise<FakeConnection> {
    await Promise.resolve()
    if (refusal !== null) throw refusal
    let isOpen = true
    const connection: FakeConnection = {
      id: connections.length,
      isOpen: () => isOpen,
      async close() {
        isOpen = false
      },
      destroy() {
        isOpen = false
      },
      die() {
        isOpen = false
        onLost()
      },
    }
    connections.push(connection)
    return connection
  }

  const idOf = async (connection: FakeConnection) => connection.id

  /** Uses a connection until it is left. */
  async function hold() {
    const entered = Promise.withResolvers<FakeConnection>()
    const left = Promise.withResolvers<void>()
    const done = pool.use((connection) => {
      entered.resolve(connection)
      return left.promise
    })
    const connection = await entered.promise
    return {
      connection,
      async leave() {
        left.resolve()
        await done
      },
    }
  }

  it('opens no connection before it is used, and then uses it again', async () => {
    assert.deepEqual(pool.state(), { open: 0, busy: 0, waiting: 0 })
    assert.deepEqual([await pool.use(idOf), await pool.use(idOf)], [0, 0])
    assert.deepEqual(pool.state(), { open: 1, busy: 0, waiting: 0 })
  })

  it('opens as many as it may, and lets the others wait in the order of asking', async () => {
    const held = [await hold(), await hold()]
    const served: number[] = []
    const waiting = [1, 2, 3].map((n) => pool.use(async () => void served.push(n)))
    assert.deepEqual(pool.state(), { open: 2, busy: 2, waiting: 3 })
    for (const { leave } of held) await leave()
    await Promise.all(waiting)
    assert.deepEqual(served, [1, 2, 3])
    assert.deepEqual(pool.state(), { open: 2, busy: 0, waiting: 0 })
    assert.equal(connections.length, 2)
  })

  it('refuses at once whom it would let wait beyond the number that may', async () => {
    const held = [await hold(), await hold()]
    const waiting = [1, 2, 3].map(() => pool.use(idOf))
    await assert.rejects(pool.use(idOf), unavailable('too many callers'))
    for (const { leave } of held) await leave()
    await Promise.all(waiting)
  })

  it('lets nobody wait for longer than the limit', async () => {
    const held = [await hold(), await hold()]
    const waiting = pool.use(idOf)
    const refused = assert.rejects(waiting, unavailable('within 100 ms'))
    mock.timers.tick(99)
    assert.equal(pool.state().waiting, 1)
    mock.timers.tick(1)
    await refused
    assert.equal(pool.state().waiting, 0)
    for (const { leave } of held) await leave()
    assert.deepEqual(pool.state(), { open: 2, busy: 0, waiting: 0 })
  })

  it('gives the place of a connection that died to the next, who opens another', async () => {
    const held = [await hold(), await hold()]
    const waiting = pool.use(idOf)
    held[0]?.connection.die()
    await held[0]?.leave()
    assert.equal(await waiting, 2)
    await held[1]?.leave()
    assert.equal(pool.state().open, 2)
  })

  it('drops the idle ones as soon as one has died', async () => {
    const held = [await hold(), await hold()]
    for (const { leave } of held) await leave()
    connections[0]?.die()
    assert.deepEqual(pool.state(), { open: 0, busy: 0, waiting: 0 })
    assert.equal(connections[1]?.isOpen(), false)
    assert.equal(await pool.use(idOf), 2)
  })

  it('passes the place on where connecting fails, to each his own failure', async () => {
    refusal = new Error('refused')
    const asked = [1, 2, 3, 4].map(() => assert.rejects(pool.use(idOf), /refused/))
    assert.deepEqual(pool.state(), { open: 2, busy: 2, waiting: 2 })
    await Promise.all(asked)
    assert.deepEqual(pool.state(), { open: 0, busy: 0, waiting: 0 })
    refusal = null
    assert.equal(await pool.use(idOf), 0)
  })

  it('frees the place of a use that throws', async () => {
    const own = new Error('own')
    await assert.rejects(
      pool.use(() => Promise.reject(own)),
      own,
    )
    assert.deepEqual(pool.state(), { open: 1, busy: 0, waiting: 0 })
  })

  it('closes when all who had asked were served, and refuses the others', async () => {
    const held = [await hold(), await hold()]
    const waiting = pool.use(idOf)
    const closed = pool.close()
    await assert.rejects(pool.use(idOf), { code: 'store_unavailable' })
    for (const { leave } of held) await leave()
    await waiting
    await closed
    await pool.close()
    assert.deepEqual(
      connections.map((connection) => connection.isOpen()),
      [false, false],
    )
    assert.deepEqual(pool.state(), { open: 0, busy: 0, waiting: 0 })
  })
})

function unavailable(message: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof PortError, String(error))
    assert.deepEqual([error.code, error.retryable], ['store_unavailable', true])
    assert(error.message.includes(message), error.message)
    return true
  }
}
