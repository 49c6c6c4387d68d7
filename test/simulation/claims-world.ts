// One simulated sale: real claim services and issuers on the memory twins, in virtual time, with
// seeded faults. Everything that chance decides comes from the seed, so a failure can be repeated.

import { systemClock } from '../../src/adapters/clock-system.ts'
import { type VirtualClock, virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import {
  type CouponStoreMemory,
  createCouponStoreMemory,
} from '../../src/adapters/memory/coupon-store.ts'
import { type AppendOutcome, type MemoryLog, openLogMemory } from '../../src/adapters/memory/log.ts'
import type { ClaimAnswer } from '../../src/api/claims/claim-answers.ts'
import { type RunningClaimService, startClaimService } from '../../src/api/claims/claim-service.ts'
import type { SnapshotParts } from '../../src/api/claims/snapshots/fold-snapshots.ts'
import { type ControlMessage, claimsTopic, newestRules } from '../../src/domain/coupons/messages.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import type { ClaimsConsumer } from '../../src/issuer/claims-consumer.ts'
import { startIssuer } from '../../src/issuer/issuer.ts'
import { allTopics } from '../../src/main/roles/topics.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { CouponStore } from '../../src/ports/coupons.ts'
import type { Log, LogRecord } from '../../src/ports/log.ts'
import { type KeptSnapshots, keptSnapshots } from '../models/kept-snapshots.ts'
import { createFaultyGate, type GateFaults } from './faulty-gate.ts'
import { faultyStore } from './faulty-store.ts'
import { machineThatLeaps } from './leaps.ts'
import { type Random, seededRandom } from './random.ts'
import { origin } from './snapshots-check.ts'

export const codeSecret = 'a secret for simulated codes only'
const partitions = 3
const start = Date.parse('2026-01-01T00:00:00Z')
/** The storm, then the healed rest of it. */
const stormMs = 4_000
const healedMs = 60_000

/** `node`: the number of the one that was asked. `end`: where the log of the coupon ended then. */
export type Answered = { askedAt: number; node: number; end: number; answer: ClaimAnswer }
/** Where and when a claim was accepted. */
export type Accepted = { node: number; at: number }
export type Sale = { couponId: string; quantity: number; opensAt: number; users: string[] }
export type World = {
  seed: number
  random: Random
  clock: VirtualClock
  /** A machine with a wall clock of its own, which is set now and then. */
  machine(): Clock
  log: MemoryLog
  store: CouponStoreMemory
  /** Of each node, which writes one after every batch. */
  snapshots: KeptSnapshots[]
  sales: Sale[]
  /** By `couponId userId`, in the order of the answers. */
  ledger: Map<string, Answered[]>
  /** By claim id. */
  accepted: Map<string, Accepted>
  errors: unknown[]
  faults: GateFaults & {
    on: boolean
    lost: number
    late: number
    twice: number
    refused: number
    issuers: number
    leaps: number
    putBack: number
  }
}

export async function runSale(seed: number): Promise<World> {
  const world = createWorld(seed)
  const nodes = await startNodes(world)
  const issuers = new IssuerFleet(world)
  await issuers.startOne()
  createCoupons(world, nodes)
  scheduleAsks(world, nodes)
  scheduleOperators(world, nodes)
  issuers.scheduleRestarts()
  scheduleOlderRows(world)
  await world.clock.runUntil(start + stormMs)
  world.faults.on = false
  askEveryoneAgain(world, nodes)
  await world.clock.runUntil(start + stormMs + healedMs)
  // What is under way ends in virtual time, too.
  const closed = Promise.all([issuers.close(), ...nodes.map((node) => node.close())])
  await world.clock.runUntil(start + stormMs + 2 * healedMs)
  await closed
  return world
}

function createWorld(seed: number): World {
  const random = seededRandom(seed)
  const clock = virtualClock(start)
  const mishaps = { lost: 0, late: 0, twice: 0, refused: 0, issuers: 0, leaps: 0, putBack: 0 }
  const faults = { on: true, ...mishaps, wiped: 0, lied: 0, absent: 0 }
  const topics = Object.fromEntries(allTopics.map((topic) => [topic, partitions]))
  const onLeap = () => void faults.leaps++
  const machine = () => machineThatLeaps({ clock, random, withinMs: stormMs, onLeap })
  const log = openLogMemory({
    topics,
    clock: machine(),
    nextAppend: () => nextAppend(random, faults),
    tailDelayMs: () => random.int(0, 5),
  })
  const sales = Array.from({ length: random.int(1, 3) }, (_, n) => ({
    couponId: `sale-${seed}-${n}`,
    quantity: random.int(1, 12),
    opensAt: start + random.int(0, stormMs / 2),
    users: Array.from({ length: random.int(2, 40) }, (__, u) => `user-${u}`),
  }))
  const store = createCouponStoreMemory()
  const seen = { ledger: new Map(), accepted: new Map(), errors: [] }
  return { seed, random, clock, machine, log, store, snapshots: [], sales, ...seen, faults }
}

function nextAppend(random: Random, faults: World['faults']): AppendOutcome {
  const takesMs = random.int(0, 40)
  const dice = faults.on ? random.next() : 1
  if (dice < 0.05) {
    faults.lost++
    return { takesMs, outcome: 'unacknowledged' }
  }
  if (dice < 0.1) {
    faults.late++
    return { takesMs, outcome: { lateMs: random.int(0, stormMs) } }
  }
  if (dice < 0.2) {
    faults.twice++
    return { takesMs, outcome: 'twice' }
  }
  if (dice < 0.3) {
    faults.refused++
    return { takesMs, outcome: 'refused' }
  }
  return { takesMs, outcome: 'stored' }
}

async function startNodes(world: World): Promise<RunningClaimService[]> {
  let ids = 0
  const nodes: RunningClaimService[] = []
  const { clock, random, faults } = world
  const gate = random.chance(0.8) ? createFaultyGate(clock, random, faults) : undefined
  for (let n = 0; n < world.random.int(1, 3); n++) {
    const node = await startClaimService({
      log: world.log.asWriter(),
      gate,
      clock: world.machine(),
      newId() {
        const id = `id-${n}-${++ids}`
        world.accepted.set(id, { node: n, at: clock.now() })
        return id
      },
      codeSecret,
      limits: { answerWaitMsMax: 500, claimsPerBatchMax: world.random.int(1, 20) },
      snapshots: snapshotsOf(world),
      onError: (error) => world.errors.push(error),
    })
    nodes.push(node)
  }
  return nodes
}

function snapshotsOf({ snapshots, errors }: World): SnapshotParts {
  const store = keptSnapshots({ pause: 10 })
  snapshots.push(store)
  const onPutAside = (reason: string) => errors.push(reason)
  return { store, ...origin, everyRecords: 1, onPutAside, onNotWritten: (e) => errors.push(e) }
}

function createCoupons(world: World, nodes: RunningClaimService[]): void {
  for (const { couponId, quantity, opensAt } of world.sales) {
    const terms = { name: couponId, quantity, opensAt }
    const created = {
      type: 'coupon.created',
      couponId,
      terms,
      rules: newestRules,
      by: 'x',
    } as const
    untilDecided(world, nodes, created).catch((error: unknown) => world.errors.push(error))
  }
}

/** Now and then somebody puts back an older dump of the rows, while issuers run. */
function scheduleOlderRows({ random, clock, store, faults }: World): void {
  if (random.chance(0.7)) return
  const dumpedAfterMs = random.int(0, stormMs)
  clock.after(dumpedAfterMs, () => {
    const putBack = store.dump()
    clock.after(random.int(0, stormMs), () => {
      faults.putBack++
      putBack()
    })
  })
}

type WithoutCommandId<Message> = Message extends ControlMessage ? Omit<Message, 'commandId'> : never

async function untilDecided(
  world: World,
  nodes: RunningClaimService[],
  message: WithoutCommandId<ControlMessage>,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const commandId = `sure-${message.type}-${message.couponId}-${attempt}`
    const answer = await pick(world, nodes).command({ ...message, commandId })
    if (answer.kind === 'decided') return
  }
}

function scheduleAsks(world: World, nodes: RunningClaimService[]): void {
  for (const sale of world.sales) {
    for (const userId of sale.users) {
      const asks = world.random.int(1, 4)
      for (let n = 0; n < asks; n++) {
        world.clock.after(world.random.int(0, stormMs), () => ask(world, nodes, { sale, userId }))
      }
    }
  }
}

/** Everyone who has no coupon goes on asking until there is a definite outcome, twice over. */
function askEveryoneAgain(world: World, nodes: RunningClaimService[]): void {
  for (const sale of world.sales) {
    for (const userId of sale.users) {
      for (const afterMs of [1_000, 10_000, 30_000]) {
        world.clock.after(afterMs, () => ask(world, nodes, { sale, userId }))
      }
    }
  }
}

type Ask = { sale: Sale; userId: string }

function ask(world: World, nodes: RunningClaimService[], { sale, userId }: Ask): void {
  const { clock, ledger, random } = world
  const { couponId } = sale
  const node = pick(world, nodes)
  const askedAt = clock.now()
  const looksOnly = world.faults.on && random.chance(0.2)
  Promise.try(() => (looksOnly ? node.mine(couponId, userId) : node.claim(couponId, userId)))
    .then((answer) => {
      if (answer === null) return
      const key = `${couponId} ${userId}`
      const { length: end } = recordsOf(world, couponId)
      const told = { askedAt, node: nodes.indexOf(node), end, answer }
      ledger.set(key, [...(ledger.get(key) ?? []), told])
    })
    .catch((error: unknown) => world.errors.push(error))
}

export function recordsOf({ log }: World, couponId: string): LogRecord[] {
  return log.records(claimsTopic)[partitionFor(couponId, partitions)] ?? []
}

function scheduleOperators(world: World, nodes: RunningClaimService[]): void {
  const { random, clock } = world
  for (const { couponId, users } of world.sales) {
    const commands = ['coupon.paused', 'coupon.resumed', 'coupon.restocked'] as const
    for (let n = 0; n < random.int(0, 4); n++) {
      const type = commands[random.int(0, 2)] ?? 'coupon.resumed'
      const stamp = { couponId, by: 'operator', commandId: `${type}-${couponId}-${n}` }
      const message =
        type === 'coupon.restocked' ? { type, ...stamp, add: random.int(1, 5) } : { type, ...stamp }
      clock.after(random.int(0, stormMs), () => {
        pick(world, nodes)
          .command(message)
          .catch((error: unknown) => world.errors.push(error))
      })
    }
    scheduleRevokes(world, nodes, { couponId, users })
    // Healed, and with nothing on its way, the operator sees to it that the sale goes on.
    clock.after(2 * stormMs + 100, () => {
      const resume = { type: 'coupon.resumed', couponId, by: 'operator' } as const
      untilDecided(world, nodes, resume).catch((error: unknown) => world.errors.push(error))
    })
  }
}

/** Of one or of all; now and then the same again, through any node. */
function scheduleRevokes(
  world: World,
  nodes: RunningClaimService[],
  { couponId, users }: Pick<Sale, 'couponId' | 'users'>,
): void {
  const { random, clock, errors } = world
  for (let n = 0; n < random.int(0, 5); n++) {
    const userId = users[random.int(0, users.length - 1)] ?? ''
    const whose = random.chance(0.3) ? ({ all: true } as const) : { userId }
    const stamp = { couponId, by: 'operator', commandId: `revoke-${couponId}-${n}`, reason: 'r' }
    for (let time = 0; time < random.int(1, 2); time++) {
      clock.after(random.int(0, stormMs), () => {
        const asked = pick(world, nodes).command({ type: 'coupon.revoked', ...whose, ...stamp })
        asked.catch((error: unknown) => errors.push(error))
      })
    }
  }
}

/** Issuers that are killed, or that sleep through their successor's start and wake as zombies. */
class IssuerFleet {
  private readonly world: World
  private readonly running: { issuer: ClaimsConsumer; alive: { value: boolean } }[] = []

  constructor(world: World) {
    this.world = world
  }

  async startOne(): Promise<void> {
    const { world } = this
    const alive = { value: true }
    world.faults.issuers++
    const issuer = await startIssuer({
      log: soleMember(world.log.asWriter()),
      store: faultyStore(world, alive),
      clock: world.machine(),
      codeSecret,
      onError: (error) => {
        if (alive.value) world.errors.push(error)
      },
    })
    this.running.push({ issuer, alive })
  }

  scheduleRestarts(): void {
    const { random, clock } = this.world
    for (let n = 0; n < random.int(1, 5); n++) {
      const killed = random.chance(0.6)
      clock.after(random.int(50, stormMs), () => {
        const last = this.running.at(-1)
        // A killed issuer does nothing more; one that is not killed is a zombie beside the next.
        if (last !== undefined && killed) last.alive.value = false
        this.startOne().catch((error: unknown) => this.world.errors.push(error))
      })
    }
  }

  async close(): Promise<void> {
    for (const { issuer, alive } of this.running) {
      if (alive.value) await issuer.close()
    }
  }
}

/** As if the group had given this member everything: the others are the ones it must fence. */
function soleMember(log: Log): Log {
  return {
    ...log,
    async join(options) {
      const all = Array.from({ length: log.partitionsOf(options.topic) }, (_, p) => p)
      queueMicrotask(() => options.onAssigned(all))
      return { commit: () => Promise.resolve(), leave: () => Promise.resolve() }
    },
  }
}

/** What an issuer stops with that finds the log of the world as it is now. */
export async function stopsIssuer({ log, store, clock }: World): Promise<unknown> {
  const stopped = Promise.withResolvers<unknown>()
  const parts = { store, clock, codeSecret, onError: stopped.resolve }
  const issuer = await startIssuer({ ...parts, log: soleMember(log) })
  const error = await stopped.promise
  // What it was publishing ends in virtual time.
  const closed = issuer.close()
  await clock.runUntil(clock.now() + healedMs)
  await closed
  return error
}

/** What an issuer writes that reads the same log from 0 into an empty store. */
export async function replayed(log: MemoryLog): Promise<CouponStore> {
  const store = createCouponStoreMemory()
  const clock: Clock = systemClock()
  const failed = Promise.withResolvers<never>()
  const issuer = await startIssuer({
    // Its events would be those that are there already.
    log: { ...soleMember(log), append: () => Promise.resolve([]) },
    store,
    clock,
    codeSecret,
    onError: failed.reject,
  })
  const ends = (await log.bounds(claimsTopic)).map(({ end }) => end)
  const arrived = async (): Promise<void> => {
    const behind = () => ends.some((end, p) => (issuer.positions().get(p) ?? 0) < end)
    while (behind()) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.race([arrived(), failed.promise])
  await issuer.close()
  return store
}

function pick(world: World, nodes: RunningClaimService[]): RunningClaimService {
  const node = nodes[world.random.int(0, nodes.length - 1)]
  if (node === undefined) throw new Error('no node')
  return node
}
