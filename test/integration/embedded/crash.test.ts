// kill −9 at random moments and at every named point, under load. Whatever happens: told yes is
// kept with the same slot, exactly N are issued, the rows follow, and the audit is clean. Snapshots
// are kept all the time, and some of them are damaged before the next start.
// KILLS sets how many random kills (15 unless given), SEED repeats a run.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openLogFileReader } from '../../../src/adapters/log-file/log-file.ts'
import { claimsTopic, decodeMessage } from '../../../src/domain/coupons/messages.ts'
import { everyRecord } from '../../contracts/log.ts'
import { type Random, seededRandom } from '../../simulation/random.ts'
import { Crowd, type Told, users } from '../processes/crowd.ts'
import {
  newDataDirectory,
  removeDataDirectory,
  type ServiceProcess,
  startService,
  untilReady,
  within,
} from '../processes/service-process.ts'
import { isKeptAway, untilKeptAway } from './kept-coupon.ts'

const kills = Number(process.env.KILLS ?? 15)
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const cli = join(import.meta.dirname, '../../../bin/firstcome.js')
const size = { users: 150, quantity: 60 }
const settleMsMax = 60_000

describe('kill −9', () => {
  it(`at ${kills} random moments breaks no promise`, { timeout: 1_200_000 }, async (t) => {
    t.diagnostic(`SEED=${seed}`)
    const random = seededRandom(seed)
    const data = await newDataDirectory()
    let service = await startService({ data, env: withSnapshots() })
    const crowd = new Crowd(service)
    let [unknown, damaged] = [0, 0]
    for (let n = 0; n < kills; n++) {
      const couponId = `kill-${n}`
      await crowd.create({ couponId, quantity: size.quantity })
      const everyone = users(couponId, size.users)
      const storm = Promise.all(everyone.map((user) => crowd.claim(couponId, user)))
      await pause(random.int(1, 120))
      await service.crash()
      unknown += (await storm).filter(({ outcome }) => outcome === 'unknown').length
      if (random.chance(0.3)) damaged += await damageSnapshot(data, random)
      service = await startService({ data, env: withSnapshots() })
      await crowd.moveTo(service)
      await finishSale(crowd, { couponId, everyone })
    }
    const done = `${kills} kills, ${unknown} answers were lost to them`
    t.diagnostic(`n = ${done}, ${damaged} snapshots were damaged`)
    assert.ok(unknown > 0, 'the kills met claims under way')
    await endClean(service, crowd)
  })
})

describe('kill −9 at a named point', () => {
  let data: string
  let told: EndedTold[]
  before(async () => {
    data = await newDataDirectory()
    // Its rows are made here, once: later starts find them.
    const service = await startService({ data, env: withSnapshots() })
    const crowd = new Crowd(service)
    told = await sellAndClose(data, crowd)
    await crowd.close()
    await service.stop()
  })
  after(() => removeDataDirectory(data))

  for (const point of ['K5', 'K6', 'K7', 'K8', 'K9', 'K10']) {
    it(`${point} of a claim: the log alone says who has won`, () =>
      dieAt(data, { point, passing: 5 }))
  }
  // How many claims the issuer gathers is its own affair: the coupon's own record is the first
  // passing, or none where only rows are published, and the next one comes with any claim.
  for (const point of ['K15', 'K16', 'K17', 'K18', 'K19', 'K20', 'K21']) {
    const passing = point === 'K20' ? 1 : 2
    it(`${point} of the issuer: the rows follow the log`, () => dieAt(data, { point, passing }))
  }

  it('while winners of a closed coupon are away, or come back: everybody is told the same', () =>
    dieWithWinnersAway(data, told))

  it('all of them leave nothing for an audit to find', async () => {
    const { code, output } = await audit(data)
    assert.equal(code, 0, output)
  })
})

/** After every batch; where claims come one by one, after every tenth. */
function withSnapshots(...faults: string[]): Record<string, string> {
  const kept = faults.length === 0 ? 'snapshots:1' : 'snapshots:10'
  return { FIRSTCOME_TEST_FAULTS: [...faults, kept].join() }
}

/** One bit of one file. Resolves to how many there were to damage: 0 or 1. */
async function damageSnapshot(data: string, random: Random): Promise<number> {
  const directory = join(data, 'snapshots', 'claims')
  const names = (await readdir(directory)).filter((name) => !name.endsWith('.new'))
  const name = names[random.int(0, names.length - 1)]
  if (name === undefined) return 0
  const path = join(directory, name)
  const bytes = await readFile(path)
  const at = random.int(0, bytes.length - 1)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7))
  await writeFile(path, bytes)
  return 1
}

type Death = { point: string; passing: number }

async function dieAt(data: string, { point, passing }: Death): Promise<void> {
  const couponId = `at-${point.toLowerCase()}`
  const env = withSnapshots(`crash:${point}:${passing}`)
  const doomed = await startService({ data, env })
  const crowd = new Crowd(doomed)
  const everyone = users(couponId, size.users)
  try {
    await crowd.create({ couponId, quantity: size.quantity })
    await rowsCaughtUp(data, crowd)
    // One after the other, so that the point is passed often enough.
    for (const user of everyone) {
      const { outcome } = await crowd.claim(couponId, user)
      if (outcome === 'unknown') break
    }
    const { signal } = await within(doomed.exited, settleMsMax, `the death at ${point}`)
    assert.equal(signal, 'SIGKILL', doomed.output())

    const recorded = await winnersInLog(data, couponId)
    const service = await startService({ data, env: withSnapshots() })
    await crowd.moveTo(service)
    for (const user of everyone) {
      const now = await crowd.mine(couponId, user)
      const expected = recorded.has(user) ? 'issued' : notWon(recorded.size)
      assert.equal(now.outcome, expected, `${user} after ${point}`)
    }
    await finishSale(crowd, { couponId, everyone })
    await rowsCaughtUp(data, crowd)
    assert.equal(await service.stop(), 0, service.output())
  } finally {
    doomed.kill('SIGKILL')
    await crowd.close()
  }
}

function notWon(recorded: number): string {
  return recorded >= size.quantity ? 'sold-out' : 'not-issued'
}

/** It takes more than one page until its winners are back. */
const ended = { couponId: 'ended', winners: users('ended', 1_500) }
const askedOfEnded = [...ended.winners.slice(0, 10), ...users('nobody', 5)]

async function sellAndClose(data: string, crowd: Crowd): Promise<EndedTold[]> {
  const { couponId, winners } = ended
  await crowd.create({ couponId, quantity: winners.length })
  await Promise.all(winners.map((user) => crowd.claim(couponId, user)))
  assert.equal((await crowd.command(`/coupons/${couponId}/close`)).status, 200)
  await rowsCaughtUp(data, crowd)
  return toldOfEnded(crowd)
}

async function dieWithWinnersAway(data: string, told: readonly EndedTold[]): Promise<void> {
  const { couponId, winners } = ended
  const env = { ...withSnapshots(), FIRSTCOME_CLOSED_COUPON_HOURS: '0' }
  const doomed = await startService({ data, env })
  const crowd = new Crowd(doomed)
  try {
    await untilReady(doomed)
    await untilKeptAway(data, couponId, (n) => crowd.create({ couponId: `new-${n}`, quantity: 1 }))
    assert.deepEqual(await toldOfEnded(crowd), told)
    // As many as bring them back, and no time to do it.
    await Promise.all(winners.slice(0, 1_000).map((user) => crowd.mine(couponId, user)))
    await doomed.crash()
    assert.ok(await isKeptAway(data, couponId))

    const service = await startService({ data, env })
    await crowd.moveTo(service)
    // The rows may not be there yet: then nobody is told anything.
    const early = await Promise.all(askedOfEnded.map((user) => mineOf(crowd, user)))
    for (const [n, mine] of early.entries()) {
      if (mine.outcome !== 'unknown') assert.deepEqual(mine, told[n]?.mine)
    }
    await untilReady(service)
    assert.deepEqual(await toldOfEnded(crowd), told)
    const revoke = { userId: winners[7], reason: 'a mistake' }
    const revoked = await crowd.command(`/coupons/${couponId}/revocations`, revoke)
    assert.equal((JSON.parse(revoked.text) as { revoked?: number }).revoked, 1, revoked.text)
    const { text } = await crowd.get(`/coupons/${couponId}/claims/mine`, winners[7])
    assert.match(text, /"status":"revoked"/)
    assert.equal(await service.stop(), 0, service.output())
  } finally {
    doomed.kill('SIGKILL')
    await crowd.close()
  }
}

type EndedTold = Awaited<ReturnType<typeof toldOfEnded>>[number]

/** What each asks for and is told. */
async function toldOfEnded(crowd: Crowd) {
  const path = `/coupons/${ended.couponId}/winners?limit=20`
  const { status, text: winners } = await crowd.get(path, 'operator')
  assert.equal(status, 200, winners)
  return Promise.all(
    askedOfEnded.map(async (user) => {
      const mine = await mineOf(crowd, user)
      const { at: _, ...again } = await crowd.claim(ended.couponId, user)
      const { text: held } = await crowd.get('/me/coupons', user)
      return { mine, again, held, winners }
    }),
  )
}

async function mineOf(crowd: Crowd, user: string): Promise<Omit<Told, 'at'>> {
  const { at: _, ...mine } = await crowd.mine(ended.couponId, user)
  return mine
}

/** The first N users whose claims are in the log, found without the domain's help. */
async function winnersInLog(data: string, couponId: string): Promise<Set<string>> {
  const topics = { [claimsTopic]: 4 }
  const log = await openLogFileReader({ directory: data, topics, clock: systemClock() })
  const winners = new Set<string>()
  for (const { value } of await everyRecord(log, claimsTopic)) {
    const read = decodeMessage(value)
    if (read.kind !== 'message' || read.message.type !== 'coupon.claimed') continue
    const { message } = read
    if (message.couponId === couponId && winners.size < size.quantity) winners.add(message.userId)
  }
  return winners
}

type Sale = { couponId: string; everyone: readonly string[] }

/** Everyone asks until told a definite outcome; then the ledger must add up. */
async function finishSale(crowd: Crowd, { couponId, everyone }: Sale): Promise<void> {
  const last = await Promise.all(everyone.map((user) => askUntilDefinite(crowd, couponId, user)))
  const winners = last.filter(({ outcome }) => outcome === 'issued')
  assert.equal(winners.length, size.quantity, 'exactly N')
  const slots = winners.map(({ slot = 0 }) => slot).toSorted((a, b) => a - b)
  assert.deepEqual(
    slots,
    Array.from({ length: size.quantity }, (_, n) => n + 1),
  )
  everyone.forEach((user, n) => {
    const told = crowd.ledger.get(user) ?? []
    const yes = told.filter(({ outcome }) => outcome === 'issued')
    for (const { slot, code } of yes) {
      assert.deepEqual({ slot, code }, { slot: last[n]?.slot, code: last[n]?.code }, user)
    }
    if (last[n]?.outcome === 'sold-out') assert.equal(yes.length, 0, `${user} had been told yes`)
  })
}

async function askUntilDefinite(crowd: Crowd, couponId: string, user: string): Promise<Told> {
  const deadline = performance.now() + settleMsMax
  for (;;) {
    const told = await crowd.claim(couponId, user)
    if (told.outcome === 'issued' || told.outcome === 'sold-out') return told
    assert.ok(performance.now() < deadline, `${user} is told ${told.outcome}`)
  }
}

async function endClean(service: ServiceProcess, crowd: Crowd): Promise<void> {
  await rowsCaughtUp(service.data, crowd)
  const running = await audit(service.data)
  assert.equal(running.code, 0, running.output)
  await crowd.close()
  assert.equal(await service.stop(), 0, service.output())
  const stopped = await audit(service.data)
  assert.equal(stopped.code, 0, stopped.output)
  await removeDataDirectory(service.data)
}

/** Until every winner has a row: the position of each partition is the end of the log. */
async function rowsCaughtUp(data: string, crowd: Crowd): Promise<void> {
  const topics = { [claimsTopic]: 4 }
  const log = await openLogFileReader({ directory: data, topics, clock: systemClock() })
  const ends = (await log.bounds(claimsTopic)).map(({ end }) => end)
  const deadline = performance.now() + settleMsMax
  for (;;) {
    const { status, text } = await crowd.get('/projection', 'operator')
    if (status === 200) {
      type Projection = { positions: { partition: number; next: number }[] }
      const { positions } = JSON.parse(text) as Projection
      const next = new Map(positions.map((position) => [position.partition, position.next]))
      if (ends.every((end, partition) => (next.get(partition) ?? 0) >= end)) return
    }
    assert.ok(performance.now() < deadline, `the rows do not catch up: ${text}`)
    await pause(20)
  }
}

async function audit(data: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [cli, 'audit', '--data', data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const [code] = await within(once(child, 'exit'), settleMsMax, 'the audit')
  return { code: code as number | null, output }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
