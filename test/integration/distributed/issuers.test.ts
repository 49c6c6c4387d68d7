// Issuers that sleep, die and leave while people claim: who takes over, how soon, and that the rows
// follow the log with nothing lost, twice or by the wrong hand. PostgreSQL itself says who wrote
// what: each issuer has a name there, and a trigger notes each move of a position.

import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Client } from 'pg'
import { claimsTopic } from '../../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../../src/domain/partitioner.ts'
import { waitFor } from '../../services/server-process.ts'
import { type RoleProcess, within } from '../processes/service-process.ts'
import { type FaultServices, partitions, startFaultServices } from './fault-services.ts'
import { checkEvents, checkLedger, checkRows } from './ledger-checks.ts'
import { claimSteadily, NodeClients } from './node-clients.ts'

const takeOverMsMax = 8_000
const leaveMsMax = 1_000
/** What takes longer was not announced: a session times out after 6 s, half of them sooner. */
const timedOutMsMin = 3_000
/** So many of them within it, of so many at most: a machine that is busy delays one. */
const [soonMin, leavingsMax] = [2, 6]
/** More than is ever asked for: every claim wins, in every partition, one coupon for each. */
const quantity = 100_000
const couponIds = Array.from({ length: partitions }, (_, partition) => idIn(partition))
const steady = { perSecond: 100, couponIds }

describe('the issuers', { timeout: 300_000 }, () => {
  let services: FaultServices
  let clients: NodeClients
  let survivor: RoleProcess

  before(async () => {
    services = await startFaultServices()
    await services.sql(movesTable)
    await services.sql(noteMove)
    await services.sql(noteMoves)
    survivor = await services.role('issuer', named('survivor'))
    clients = new NodeClients([await services.role('api')])
    for (const couponId of couponIds) await clients.crowd(0).create({ couponId, quantity })
  })
  after(async () => {
    await clients?.close()
    await services?.close()
  })

  /** Of an issuer that PostgreSQL knows by this name. */
  function named(name: string): Record<string, string> {
    return {
      FIRSTCOME_POSTGRES_URL: `${services.env.FIRSTCOME_POSTGRES_URL}?application_name=${name}`,
    }
  }

  /** Joined, and at work on a share of the partitions. */
  async function peer(name: string): Promise<{ role: RoleProcess; share: number[] }> {
    const role = await services.role('issuer', named(name))
    await shared([role, survivor])
    return { role, share: await shareOf(role) }
  }

  /** Nobody claims until each owns some partitions, so that each of them dies. */
  async function doomed(point: string): Promise<RoleProcess> {
    return services.role('issuer', { ...named(point), FIRSTCOME_TEST_FAULTS: `crash:${point}:1` })
  }

  /** Resolves when the survivor has written rows of each of these partitions; ms since `from`. */
  async function takenOver(share: readonly number[], from: { at: Date; ms: number }) {
    const since = from.at.toISOString()
    const text = `select distinct partition from moves where name = 'survivor' and at > '${since}'`
    await waitFor('the take-over', async () => {
      const moved = (await services.sql(text)).map(([partition]) => partition)
      return share.every((partition) => moved.includes(partition))
    })
    return Math.round(performance.now() - from.ms)
  }

  async function whileClaiming<T>(name: string, run: () => Promise<T>): Promise<T> {
    const claiming = claimSteadily(clients, { ...steady, name })
    try {
      return await run()
    } finally {
      await claiming.stop()
    }
  }

  it('leaves its partitions to the others within 1 s', async (t) => {
    const took: number[] = []
    const soon = () => took.filter((ms) => ms <= leaveMsMax).length
    for (let n = 0; n < leavingsMax && soon() < soonMin; n++) {
      const { role, share } = await peer(`leaver-${n}`)
      await whileClaiming(`leave-${n}`, async () => {
        await firstMoves(services, `leaver-${n}`, share)
        const from = now()
        role.kill('SIGTERM')
        took.push(await takenOver(share, from))
        assert.equal((await role.exited).code, 0, role.output())
      })
    }
    t.diagnostic(`n = ${took.length}: rows flowed again after ${took.join(', ')} ms`)
    assert.equal(soon(), soonMin, `${took.join()} ms`)
    // Who is not told waits for the session to time out.
    assert.ok(Math.max(...took) <= timedOutMsMin, `${took.join()} ms`)
  })

  it('has its partitions taken over within 8 s of kill −9', async (t) => {
    const { role, share } = await peer('killed')
    const ms = await whileClaiming('kill', async () => {
      await firstMoves(services, 'killed', share)
      const from = now()
      await role.crash()
      return takenOver(share, from)
    })
    t.diagnostic(`n = 1: rows flowed again after ${ms} ms`)
    assert.ok(ms <= takeOverMsMax, `${ms} ms`)
  })

  it('writes nothing when it wakes up after its partitions are another’s', async (t) => {
    const { role, share } = await peer('zombie')
    await whileClaiming('zombie', async () => {
      await firstMoves(services, 'zombie', share)
      const from = await stopInTransaction(services, role, share)
      const ms = await takenOver(share, from)
      t.diagnostic(`asleep in a transaction: the other wrote its partitions after ${ms} ms`)
      const attempts = fencedAttempts(services)
      role.kill('SIGCONT')
      await waitFor('the fence', () => fencedAttempts(services) > attempts, 15_000)
      const since = now().at.toISOString()
      await waitFor('rows of it', async () => {
        const text = `select 1 from moves where name = 'zombie' and at > '${since}'`
        return (await services.sql(text)).length > 0
      })
      await checkHands(services, from.at, t)
    })
    await services.rowsCaughtUp()
    assert.equal(await role.stop(), 0, role.output())
  })

  for (const points of [
    ['K15', 'K16', 'K17'],
    ['K18', 'K19'],
    ['K20', 'K21'],
  ]) {
    it(`that die at ${points.join(', ')} leave rows that follow the log`, async (t) => {
      await services.rowsCaughtUp()
      const dying = await Promise.all(points.map(doomed))
      await shared([...dying, survivor])
      const ms = await whileClaiming(points.join('-'), async () => {
        const deaths = Promise.all(dying.map(({ exited }) => exited))
        for (const { signal } of await within(deaths, 60_000, 'the deaths')) {
          assert.equal(signal, 'SIGKILL')
        }
        return takenOver([0, 1, 2, 3], now())
      })
      t.diagnostic(`n = ${points.length}: rows flowed again after ${ms} ms`)
      assert.ok(ms <= takeOverMsMax, `${ms} ms`)
      await services.rowsCaughtUp()
    })
  }

  it('lost nothing, wrote nothing twice, and told everybody of it', async (t) => {
    await services.rowsCaughtUp()
    const held = []
    for (const couponId of couponIds)
      held.push(...(await checkRows(services, { couponId, quantity })))
    checkLedger(clients.asks, held)
    const { code, output, counts } = await services.audit()
    assert.equal(code, 0, output)
    assert.equal(counts.rows, held.length)
    await waitFor('the events', async () => (await publishedUpTo(services)) === 'all')
    const { again } = await checkEvents(services)
    t.diagnostic(`n = ${held.length} rows and events, 0 lost, ${again} events published again`)
    t.diagnostic(`n = ${await checkChains(services)} moves of positions, 0 from a stale one`)
  })
})

const movesTable = `create table moves (
  at timestamptz default clock_timestamp(), name text, partition int,
  from_offset bigint, to_offset bigint)`
/** Also says in the server's log what a statement has changed that is rolled back later. */
const noteMove = `create function note_moves() returns trigger language plpgsql as $$
begin
  insert into moves (name, partition, from_offset, to_offset)
  select current_setting('application_name'), n.partition, o.next_offset, n.next_offset
    from new_rows n join old_rows o using (reader, topic, partition)
   where n.next_offset <> o.next_offset;
  if not exists (select from new_rows) and current_query() like '%set next_offset%' then
    raise log 'fenced: %', current_setting('application_name');
  end if;
  return null;
end $$`
const noteMoves = `create trigger note_moves after update on coupons.positions
  referencing new table as new_rows old table as old_rows
  for each statement execute function note_moves()`

function idIn(partition: number): string {
  for (let n = 0; ; n++) {
    const id = `in-${partition}-${n}`
    if (partitionFor(id, partitions) === partition) return id
  }
}

function now(): { at: Date; ms: number } {
  return { at: new Date(), ms: performance.now() }
}

async function shareOf({ url }: RoleProcess): Promise<number[]> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const found = text.matchAll(/^firstcome_issuer_position\{partition="(\d+)"\}/gm)
  return [...found].map(([, partition]) => Number(partition))
}

async function shared(roles: readonly RoleProcess[]): Promise<void> {
  const fairMax = Math.ceil(partitions / roles.length)
  await waitFor('shares', async () => {
    const shares = await Promise.all(roles.map(shareOf))
    const owned = shares.flat().length === partitions
    return owned && shares.every(({ length }) => length > 0 && length <= fairMax)
  })
}

async function firstMoves(
  services: FaultServices,
  name: string,
  share: readonly number[],
): Promise<void> {
  const text = `select distinct partition from moves where name = '${name}'`
  await waitFor(`rows of ${name}`, async () => {
    const moved = (await services.sql(text)).map(([partition]) => partition)
    return share.every((partition) => moved.includes(partition))
  })
}

/** A lock of the test holds the issuer up within a transaction; there it falls asleep. */
async function stopInTransaction(
  services: FaultServices,
  role: RoleProcess,
  share: readonly number[],
): Promise<{ at: Date; ms: number }> {
  const client = new Client({ connectionString: services.env.FIRSTCOME_POSTGRES_URL })
  await client.connect()
  try {
    await client.query('begin')
    const rows = `topic = '${claimsTopic}' and partition in (${share.join()})`
    await client.query(`select 1 from coupons.positions where ${rows} for update`)
    await waitFor('it to wait for the lock', async () => {
      const waiting = `application_name = 'zombie' and wait_event_type = 'Lock'`
      const text = `select 1 from pg_stat_activity where ${waiting}`
      return (await services.sql(text)).length > 0
    })
    role.kill('SIGSTOP')
    const from = now()
    await client.query('commit')
    return from
  } finally {
    await client.end()
  }
}

/** How often the zombie tried to move a position that had moved. */
function fencedAttempts({ postgres }: FaultServices): number {
  return postgres.process().output().split('fenced: zombie').length - 1
}

/** Since it fell asleep: each partition is written by the other, then perhaps by the woken one. */
async function checkHands(services: FaultServices, since: Date, t: TestContext): Promise<void> {
  const moves = await services.sql(
    `select partition, name from moves where at > '${since.toISOString()}' order by at`,
  )
  for (let partition = 0; partition < partitions; partition++) {
    const names = moves.filter(([of]) => of === partition).map(([, name]) => name)
    const hands = names.filter((name, n) => name !== names[n - 1]).join(', ')
    assert.match(hands, /^survivor(, zombie)?$/, `partition ${partition}`)
  }
  t.diagnostic(`n = ${moves.length} moves since it fell asleep, 0 by the wrong hand`)
}

/** Each move of a position begins where the one before ended. */
async function checkChains(services: FaultServices): Promise<number> {
  const moves = await services.sql(
    'select partition, from_offset, to_offset from moves order by partition, to_offset',
  )
  moves.forEach(([partition, from], n) => {
    const earlier = moves[n - 1]
    if (earlier !== undefined && earlier[0] === partition) assert.equal(from, earlier[2])
  })
  return moves.length
}

async function publishedUpTo(services: FaultServices): Promise<'all' | 'some'> {
  const rows = await services.sql(
    `select 1 from coupons.positions where published_offset < next_offset and exists (
       select 1 from coupons.issued_coupons i where i.partition = positions.partition
          and i.log_offset >= positions.published_offset)`,
  )
  return rows.length === 0 ? 'all' : 'some'
}
