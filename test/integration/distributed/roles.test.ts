// The distributed profile as a whole, on real services: two API nodes and two issuers as processes
// of their own. ROUNDS sets how many rounds of the exact-100 sale there are (20 unless given).

import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { startPostgres } from '../../../src/adapters/database/postgres.ts'
import { startKafkaLog } from '../../../src/adapters/log-kafka/log-kafka.ts'
import type { AuditReport } from '../../../src/audit/audit.ts'
import { claimsTopic, couponEventsTopic } from '../../../src/domain/coupons/messages.ts'
import { waitFor } from '../../services/server-process.ts'
import { Crowd, countOutcomes, type Told, users } from '../processes/crowd.ts'
import {
  launchRole,
  newEmptyDirectory,
  type RoleProcess,
  removeDataDirectory,
  runRole,
  startRole,
} from '../processes/service-process.ts'
import { type DistributedServices, startDistributedServices } from './services.ts'

const rounds = Number(process.env.ROUNDS ?? 20)
const sale = { users: 1000, quantity: 100 }
const oneBroker = ['--partitions', '4', '--replicas', '1', '--min-in-sync-replicas', '1']

describe('the distributed profile', { timeout: 600_000 }, () => {
  let services: DistributedServices
  let env: Record<string, string>
  const apis: RoleProcess[] = []
  const issuers: RoleProcess[] = []
  const crowds: Crowd[] = []

  let kept: string
  before(async () => {
    services = await startDistributedServices()
    env = services.env
    kept = join(await newEmptyDirectory(), 'audited')
  })
  after(async () => {
    for (const crowd of crowds) await crowd.close()
    for (const role of [...apis, ...issuers]) role.kill('SIGKILL')
    await services.close()
    await removeDataDirectory(dirname(kept))
  })

  const migrate = (...args: string[]) => runRole({ role: 'migrate', env }, args)
  const audit = (...args: string[]) => runRole({ role: 'audit', env }, ['--json', ...args])
  const auditSince = async (): Promise<Audited> => {
    const { code, out, err } = await audit('--since-snapshot', kept)
    assert.equal(code, 0, out + err)
    return JSON.parse(out) as Audited
  }

  it('refuses to start before anything was migrated, and says what to do', async () => {
    const { code, err } = await runRole({ role: 'api', env })
    assert.equal(code, 1, err)
    assert.match(err, /nothing was ever migrated there\n {2}run "firstcome migrate"/)
  })

  it('is migrated once, however many migrate at once, and again without effect', async () => {
    const both = await Promise.all([migrate(...oneBroker), migrate(...oneBroker)])
    for (const { code, err } of both) assert.equal(code, 0, err)
    const told = both.map(({ out }) => out).join('')
    for (const topic of [claimsTopic, couponEventsTopic]) {
      // One may find what the other has just created, and be the first to record it.
      const recorded = `${topic}: (created|there before, taken as it is), 4 partitions`
      assert.equal([...told.matchAll(new RegExp(recorded, 'g'))].length, 1, told)
    }
    assert.equal(told.split('0001-coupons.sql').length, 2, told)
    const { code, out, err } = await migrate()
    assert.equal(code, 0, err)
    assert.match(out, /^PostgreSQL: up to date\n/)
    assert.match(out, /firstcome\.claims: as recorded, 4 partitions, 1 replicas/)
  })

  it('keeps the numbers of its topics', async () => {
    const { code, err } = await migrate('--partitions', '5')
    assert.equal(code, 1)
    assert.match(err, /firstcome\.claims was created with 4 partitions; 5 were asked for/)
  })

  it('refuses topics that are not the recorded ones, with all reasons', async () => {
    const database = startPostgres({ url: services.postgresUrl, clock: systemClock() })
    const shift = (by: number) =>
      database.script(`update firstcome.topics set partitions = partitions + ${by}`)
    try {
      await shift(1)
      const { code, err } = await runRole({ role: 'issuer', env })
      assert.equal(code, 1, err)
      assert.match(err, /firstcome\.claims has 4 partitions, not 5/)
      assert.match(err, /firstcome\.coupon-events has 4 partitions, not 5/)
    } finally {
      await shift(-1)
      await database.close()
    }
  })

  it('says what it waits for, and stops while it waits when it is told to', async () => {
    const nowhere = { ...env, FIRSTCOME_POSTGRES_URL: 'postgres://u:hunter2@127.0.0.1:1/db' }
    const waiting = launchRole({ role: 'issuer', env: nowhere })
    await waitFor('its words', () => /waiting for PostgreSQL/.test(waiting.output()))
    assert.ok(!waiting.output().includes('hunter2'), waiting.output())
    waiting.child.kill('SIGTERM')
    assert.equal((await waiting.exited).code, 0, waiting.output())
    assert.match(waiting.output(), /SIGTERM; it had not started yet/)
  })

  it('starts two API nodes and two issuers, which are ready', async () => {
    const started = await Promise.all([
      startRole({ role: 'api', env }),
      startRole({ role: 'api', env }),
      startRole({ role: 'issuer', env }),
      startRole({ role: 'issuer', env }),
    ])
    apis.push(...started.slice(0, 2))
    issuers.push(...started.slice(2))
    for (const role of started) {
      await waitFor('readiness', async () => (await fetch(`${role.url}/readyz`)).status === 200)
    }
    for (const api of apis) crowds.push(new Crowd(api, 500))
  })

  const through = (n: number) => {
    const crowd = crowds[n % crowds.length]
    assert.ok(crowd)
    return crowd
  }

  it(`issues exactly 100 of 100, ${rounds} rounds of 1,000 users through both nodes`, async (t) => {
    for (let round = 0; round < rounds; round++) {
      const couponId = `exactly-${round}`
      await through(round).create({ couponId, quantity: sale.quantity })
      const everyone = users(couponId, sale.users)
      const answers = await Promise.all(everyone.map((user, n) => through(n).claim(couponId, user)))
      assert.deepEqual(
        countOutcomes(answers),
        { issued: sale.quantity, 'sold-out': sale.users - sale.quantity },
        `round ${round}`,
      )
      checkSlots(answers, sale.quantity)
    }
    t.diagnostic(`n = ${rounds} rounds, 0 failures`)
  })

  it('holds in a rehearsal of its own, through one node', async () => {
    const [, second] = apis
    assert.ok(second)
    const args = ['--url', second.url, '--users', '300', '--quantity', '30', '--json']
    const { code, out, err } = await runRole({ role: 'rehearse', env }, args)
    assert.equal(code, 0, out + err)
  })

  it('has a row for each winner, and an audit finds nothing', async () => {
    await waitFor('the rows', async () => {
      const { out } = await audit()
      return (JSON.parse(out) as { counts: { lagRecords: number } }).counts.lagRecords === 0
    })
    const { fair, counts, since } = await auditSince()
    assert.equal(fair, true)
    assert.equal(counts.winners, rounds * sale.quantity + 30)
    assert.equal(counts.rows, counts.winners)
    assert.deepEqual(since, { from: null, putAside: null, notKept: null })
  })

  it('knows at one node what another has just done', async () => {
    for (let n = 0; n < 50; n++) {
      const couponId = `elsewhere-${n}`
      await through(n).create({ couponId, quantity: 1 })
      const { status } = await through(n + 1).get(`/coupons/${couponId}`)
      assert.equal(status, 200, couponId)
      const told = await through(n + 1).claim(couponId, 'kim')
      assert.equal(told.outcome, 'issued')
      const mine = await through(n).mine(couponId, 'kim')
      assert.equal(mine.code, told.code)
    }
    assert.equal((await through(0).get('/coupons/never-made')).status, 404)
  })

  it('shares the partitions among its issuers, and measures how far they are behind', async () => {
    await waitFor('both to own some', async () => (await partitionsOf(issuers)).every((n) => n > 0))
    assert.equal(
      (await partitionsOf(issuers)).reduce((sum, n) => sum + n, 0),
      4,
    )
    await waitFor('no lag', async () => {
      const texts = await Promise.all(issuers.map(({ url }) => metricsOf(url)))
      const lags = texts.flatMap((text) => [...text.matchAll(/^firstcome_issuer_lag_\S+ (\d+)$/gm)])
      return lags.length === 4 && lags.every(([, lag]) => lag === '0')
    })
  })

  it('is audited from where an audit has ended, with what that kept in a file', async () => {
    const { counts, since } = await auditSince()
    assert.equal(since.from?.winners, rounds * sale.quantity + 30)
    assert.equal(since.from?.claims.length, 4)
    assert.deepEqual([counts.records, counts.winners, counts.rows], [100, 50, 50])
  })

  it('derives dropped rows anew while everything runs, and tells nobody twice', async () => {
    const eventsBefore = await eventsOf(services.brokers)
    const rebuilt = await runRole({ role: 'rebuild', env }, ['--json'])
    assert.equal(rebuilt.code, 0, rebuilt.err)
    const { rows } = JSON.parse(rebuilt.out) as { rows: number }
    assert.equal(rows, rounds * sale.quantity + 30 + 50)
    const { since } = await auditSince()
    assert.equal(since.putAside, 'the rows were made anew since')
    assert.equal(await eventsOf(services.brokers), eventsBefore)
    assert.equal(eventsBefore, rows)
  })

  it('stops each role when it is told to, and the other issuer takes over at once', async () => {
    const [first, second] = issuers
    assert.ok(first && second)
    assert.equal(await first.stop(), 0, first.output())
    await waitFor(
      'the other to own all',
      async () => (await partitionsOf([second]))[0] === 4,
      5_000,
    )
    for (const api of apis) assert.equal(await api.stop(), 0, api.output())
    assert.equal(await second.stop(), 0, second.output())
  })
})

type Audited = Pick<AuditReport, 'fair' | 'counts'> & { since: NonNullable<AuditReport['since']> }

/** Slots 1 … n without a hole, in the order of the log. */
function checkSlots(answers: readonly Told[], issued: number): void {
  const winners = answers.filter(({ outcome }) => outcome === 'issued')
  const byOffset = winners.toSorted((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
  assert.deepEqual(
    byOffset.map(({ slot }) => slot),
    Array.from({ length: issued }, (_, n) => n + 1),
  )
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

async function partitionsOf(roles: readonly RoleProcess[]): Promise<number[]> {
  const texts = await Promise.all(roles.map(({ url }) => metricsOf(url)))
  return texts.map((text) => text.match(/^firstcome_issuer_position\{/gm)?.length ?? 0)
}

async function eventsOf(brokers: string): Promise<number> {
  const topics = [couponEventsTopic]
  const connection = { brokers: brokers.split(',') }
  const log = await startKafkaLog({ connection, topics, clock: systemClock() })
  const bounds = await log.bounds(couponEventsTopic)
  await log.close()
  return bounds.reduce((sum, { end }) => sum + end, 0)
}
