// A small world of orders, driven by seeded chance: two topics of two partitions, four consumers
// that crash between commit and publish, re-read, postpone and are overtaken, a payment provider
// whose calls and answers are late, lost or doubled, and a clock. Order is kept within a
// partition only. After the chaos everything is delivered, and then the world must be at rest.

import assert from 'node:assert/strict'
import { isOfOrder } from '../../src/domain/orders/history.ts'
import {
  type AnyPlaced,
  decodeOrderMessage,
  decodeStepMessage,
  type OrderMessage,
  type OrderPlaced,
  ordersTopic,
  type ProductMessage,
  type RedemptionPlaced,
  type StepMessage,
  type WalletMessage,
} from '../../src/domain/orders/messages.ts'
import type { PaymentEffect, ProviderAnswer } from '../../src/domain/orders/payment-step.ts'
import { decisionsOf, type OrderCommand } from '../../src/domain/orders/process.ts'
import { entryOf, readAt, topicOf } from '../../src/domain/orders/records.ts'
import type { DueOrder, PlacedOrder } from '../../src/domain/orders/state.ts'
import { partitionFor } from '../../src/domain/partitioner.ts'
import { type Random, seededRandom } from '../simulation/random.ts'
import {
  appendRevoke,
  type ClaimsOfWorld,
  dropIssued,
  issueUntil,
  knownAt,
  type RevokeAsked,
} from '../simulation/world-revokes.ts'
import {
  callProvider,
  createStores,
  type Stores,
  takeCoupon,
  takeOrder,
  takePayment,
  takeStock,
  takeSupply,
  type WonRow,
} from './orders-stores.ts'

export type Scenario = {
  seed: number
  /** Ms UTC; absent: 1,000. */
  startsAt?: number
  won: readonly WonRow[]
  /** Applied in order, now and then twice. */
  supplies: readonly (ProductMessage | WalletMessage)[]
  /** Placed in order; the same order id again is a copy, or other content under it. */
  orders: readonly OrderPlaced[]
  /** Asked for whenever; absent: none. */
  returns?: readonly ReturnAsked[]
  /** Placed among the orders; absent: none. */
  redemptions?: readonly RedemptionPlaced[]
  /** Done whenever; absent: none. */
  revokes?: readonly RevokeAsked[]
}
type ReturnAsked = OrderMessage<'order.return_asked'>
export type Consumer = 'process' | 'coupon' | 'stock' | 'payment'
export type Stored = { value: Buffer; at: number; partition: number }
export type World = {
  random: Random
  now: number
  stores: Stores
  topics: { orders: Stored[][]; steps: Stored[][] }
  claims: ClaimsOfWorld
  lanes: Lane[]
  retries: { consumer: Consumer; record: Read }[]
  calls: PaymentEffect[]
  answers: { orderId: string; answer: ProviderAnswer }[]
  /** Timed out and stored, but perhaps not published. */
  unannounced: Set<string>
  waiting: {
    supplies: (ProductMessage | WalletMessage)[]
    orders: AnyPlaced[]
    returns: ReturnAsked[]
    revokes: RevokeAsked[]
  }
  /** Those of which the shop may say something. */
  redeemed: Set<string>
  redemptions: number
}
type Lane = { consumer: Consumer; topic: 'orders' | 'steps'; partition: number; next: number }
export type Read = { message: OrderMessage | StepMessage; at: number }

const partitions = 2
/** Enough for every record of the largest scenario to meet some fault. */
const chaosSteps = 400
/** Each round delivers all there is; a world that needs more goes round in circles. */
const drainRoundsMax = 200

export function runWorld(scenario: Scenario): World {
  const world = runChaos(scenario, chaosSteps)
  drain(world)
  return world
}

/** The world amid its faults. */
export function runChaos(scenario: Scenario, steps: number): World {
  const world = createWorld(scenario)
  for (let step = 0; step < steps; step += 1) actByChance(world)
  return world
}

/** The stored record, read as every consumer reads it. */
export function readStored(topic: 'orders' | 'steps', { value, at, partition }: Stored): Read {
  const place = { partition, partitions }
  const decoded =
    topic === 'orders'
      ? readAt(decodeOrderMessage(value), place)
      : readAt(decodeStepMessage(value), place)
  assert.ok(decoded.kind === 'message', decoded.kind)
  return { message: decoded.message, at }
}

function createWorld(scenario: Scenario): World {
  const { seed, startsAt, won, supplies, orders, returns = [], redemptions = [] } = scenario
  const { revokes = [] } = scenario
  const lanes: Lane[] = []
  for (let partition = 0; partition < partitions; partition += 1) {
    for (const consumer of ['process', 'coupon', 'stock', 'payment'] as const) {
      lanes.push({ consumer, topic: 'orders', partition, next: 0 })
    }
    lanes.push({ consumer: 'process', topic: 'steps', partition, next: 0 })
  }
  const empty = () => Array.from({ length: partitions }, (): Stored[] => [])
  return {
    random: seededRandom(seed),
    now: startsAt ?? 1_000,
    stores: createStores(won),
    topics: { orders: empty(), steps: empty() },
    claims: { won, revokes: [] },
    lanes,
    retries: [],
    calls: [],
    answers: [],
    unannounced: new Set(),
    waiting: {
      supplies: [...supplies],
      orders: mixed(orders, redemptions),
      returns: [...returns],
      revokes: [...revokes],
    },
    redeemed: new Set(),
    redemptions: redemptions.length,
  }
}

function mixed(...lists: readonly (readonly AnyPlaced[])[]): AnyPlaced[] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list[n] ?? [])).flat()
}

/** The shop says what it likes, of what is placed. */
function speakByChance(world: World): void {
  const { random, topics } = world
  const redeemed = [...world.redeemed]
  if (redeemed.length === 0) return
  const orderId = pick(random, redeemed)
  const said = { orderId, by: 'shop', commandId: `c-${topics.orders.flat().length}` }
  publish(world, [{ type: random.chance(0.6) ? 'redemption.use' : 'redemption.release', ...said }])
}

function actByChance(world: World): void {
  const { random, stores, waiting } = world
  if (world.redemptions > 0 && random.chance(0.05)) return speakByChance(world)
  if (waiting.revokes.length > 0 && random.chance(0.01)) return revokeByChance(world)
  const dice = random.int(1, 100)
  if (dice <= 50) deliverByChance(world, pick(random, world.lanes))
  else if (dice <= 60) retryByChance(world)
  else if (dice <= 68) callByChance(world)
  else if (dice <= 76) answerByChance(world)
  else if (dice <= 80) world.now += random.int(1, 20)
  else if (dice <= 83) sweep(world, random.chance(0.6))
  else if (dice <= 86) issueByChance(world)
  else if (dice <= 89) copyByChance(world)
  else if (dice <= 94) {
    const supply = random.chance(0.2) ? waiting.supplies[0] : waiting.supplies.shift()
    if (supply !== undefined) takeSupply(stores, supply)
  } else {
    const wish = returnByChance(world) ?? orderByChance(world)
    if (wish !== undefined) publish(world, [wish])
  }
}

function orderByChance({ random, waiting, claims }: World): AnyPlaced | undefined {
  const placed = waiting.orders.shift()
  return placed === undefined ? undefined : knownAt(claims, placed, random)
}

function revokeByChance({ claims, now, waiting }: World): void {
  for (const asked of waiting.revokes.splice(0, 1)) appendRevoke(claims, asked, now)
}

function issueByChance({ random, stores, claims }: World): void {
  if (claims.revokes.length > 0 && random.chance(0.05)) return dropIssued(stores)
  issueUntil(stores, claims, stores.issuerNext + random.int(1, 3))
}

/** Rather of an order that can be returned: chaos is over soon. */
function returnByChance({ random, stores, waiting }: World): ReturnAsked | undefined {
  const { returns } = waiting
  if (returns.length === 0) return undefined
  const at = returns.findIndex(({ orderId }) => stores.orders.get(orderId)?.status === 'confirmed')
  if (at < 0) return random.chance(0.05) ? returns.shift() : undefined
  return returns.splice(at, 1)[0]
}

function deliverByChance(world: World, lane: Lane): void {
  const { random } = world
  const stored = world.topics[lane.topic][lane.partition]?.[lane.next]
  const fate = random.int(1, 10)
  // Read again from somewhere before.
  if (fate === 1) lane.next = random.int(0, lane.next)
  if (stored === undefined || fate === 1) return
  const record = readStored(lane.topic, stored)
  // The process waits in order for its database, so that the first content of an id counts.
  const postponed = fate <= 3 && !(lane.consumer === 'process' && lane.topic === 'orders')
  if (postponed) {
    world.retries.push({ consumer: lane.consumer, record })
    lane.next += 1
    return
  }
  const replies = handle(world, lane.consumer, record)
  // Killed after the commit: before the replies, or after them; the record is read again.
  if (fate === 4) return
  publish(world, replies)
  if (fate !== 5) lane.next += 1
}

function retryByChance(world: World): void {
  const at = world.random.int(0, world.retries.length)
  const [item] = world.retries.slice(at, at + 1)
  if (item === undefined) return
  const replies = handle(world, item.consumer, item.record)
  if (world.random.chance(0.2)) return
  world.retries.splice(at, 1)
  publish(world, replies)
}

function callByChance(world: World): void {
  const { random, calls } = world
  const at = random.int(0, calls.length)
  const [call] = calls.slice(at, at + 1)
  if (call === undefined) return
  if (random.chance(0.8)) calls.splice(at, 1)
  const { orderId } = call.payment
  const answer = callProvider(world.stores, call)
  if (answer === null) return
  for (let copies = random.int(0, 2); copies > 0; copies -= 1)
    world.answers.push({ orderId, answer })
}

function answerByChance(world: World): void {
  const at = world.random.int(0, world.answers.length)
  for (const { orderId, answer } of world.answers.splice(at, 1)) {
    const { replies } = takePayment(world.stores, orderId, { kind: 'answer', answer })
    if (world.random.chance(0.8)) publish(world, replies)
  }
}

/** A producer that repeats itself, however much later. */
function copyByChance(world: World): void {
  const topic = world.random.chance(0.5) ? 'orders' : 'steps'
  const log = pick(world.random, world.topics[topic])
  if (log.length > 0) log.push({ ...pick(world.random, log), at: world.now })
}

function sweep(world: World, published: boolean): void {
  for (const [orderId, state] of world.stores.orders) {
    if (state.status !== 'placed' && state.status !== 'due') continue
    const decisions = takeOrder(world.stores, orderId, { kind: 'time', now: world.now })
    if (decisions.length === 0) continue
    // That the time of a redemption is over nobody has decided yet.
    if ('redemption' in state) publish(world, decisions)
    else world.unannounced.add(orderId)
  }
  if (!published) return
  for (const orderId of world.unannounced) {
    const state = world.stores.orders.get(orderId)
    if (state !== undefined) publish(world, decisionsOf(state))
  }
  world.unannounced.clear()
}

function handle(world: World, consumer: Consumer, record: Read): (OrderMessage | StepMessage)[] {
  const { message, at } = record
  if (consumer === 'process') {
    const command: OrderCommand = { kind: 'record', message, at }
    return takeOrder(world.stores, message.orderId, command)
  }
  assert.ok(isOrderMessage(message))
  if (consumer !== 'payment') {
    if (consumer === 'coupon') {
      const { replies, waits } = takeCoupon(world.stores, { message, at })
      if (waits) world.retries.push({ consumer, record })
      return replies
    }
    const replies = takeStock(world.stores, message)
    if (replies === null) world.retries.push({ consumer, record })
    return replies ?? []
  }
  const command = { kind: 'record', message } as const
  const { replies, calls } = takePayment(world.stores, message.orderId, command)
  world.calls.push(...calls)
  // Until the provider's answer is stored the record is tried again.
  if (calls.length > 0) world.retries.push({ consumer, record })
  return replies
}

function publish(world: World, messages: readonly (OrderMessage | StepMessage)[]): void {
  for (const message of messages) {
    const { key, value } = entryOf(message)
    const partition = partitionFor(key, partitions)
    if (message.type === 'redemption.placed') world.redeemed.add(message.orderId)
    const topic = topicOf(message) === ordersTopic ? 'orders' : 'steps'
    world.topics[topic][partition]?.push({ value, at: world.now, partition })
  }
}

/** No more faults: everything is delivered, in rounds, until nothing is left to do. */
function drain(world: World): void {
  const { stores, waiting } = world
  for (const supply of waiting.supplies.splice(0)) takeSupply(stores, supply)
  publish(world, waiting.orders.splice(0))
  while (waiting.revokes.length > 0) revokeByChance(world)
  issueUntil(stores, world.claims, Number.MAX_SAFE_INTEGER)
  for (let round = 0; round < drainRoundsMax; round += 1) {
    const before = sizeOf(world)
    const waitedBefore = world.retries.length
    for (const lane of world.lanes) deliverAll(world, lane)
    for (const call of world.calls.splice(0)) {
      const { orderId } = call.payment
      const answer = callProvider(stores, call)
      if (answer !== null) world.answers.push({ orderId, answer })
    }
    for (const { orderId, answer } of world.answers.splice(0)) {
      publish(world, takePayment(stores, orderId, { kind: 'answer', answer }).replies)
    }
    for (const { consumer, record } of world.retries.splice(0)) {
      publish(world, handle(world, consumer, record))
    }
    // Only once the records have come to rest, so that not every order ends by its time.
    const onlyWaits = world.retries.length === waitedBefore && pendingIn(world) === 0
    const atRest = sizeOf(world) === before && onlyWaits
    const isOver = atRest && world.unannounced.size === 0 && !hasLive(stores)
    if (isOver && waiting.returns.length === 0) return
    if (atRest) world.now = Math.max(world.now + 1_000, firstOver(stores))
    if (isOver) publish(world, waiting.returns.splice(0, 2))
    sweep(world, true)
  }
  assert.fail(`not at rest after ${drainRoundsMax} rounds`)
}

/** Whoever has said nothing of a redemption says nothing more; orders are not kept waiting. */
function firstOver({ orders }: Stores): number {
  const live = [...orders.values()].filter((order): order is PlacedOrder | DueOrder => {
    return order.status === 'placed' || order.status === 'due'
  })
  if (live.some(({ redemption }) => redemption === undefined) || live.length === 0) return 0
  return Math.min(...live.map(({ deadline }) => deadline))
}

function deliverAll(world: World, lane: Lane): void {
  const log = world.topics[lane.topic][lane.partition] ?? []
  const there = log.slice(lane.next)
  lane.next = log.length
  for (const stored of there) {
    publish(world, handle(world, lane.consumer, readStored(lane.topic, stored)))
  }
}

function pendingIn({ calls, answers }: World): number {
  return calls.length + answers.length
}

function sizeOf({ topics }: World): number {
  return [...topics.orders, ...topics.steps].reduce((sum, log) => sum + log.length, 0)
}

function hasLive({ orders }: Stores): boolean {
  return [...orders.values()].some(({ status }) => status === 'placed' || status === 'due')
}

function isOrderMessage(message: OrderMessage | StepMessage): message is OrderMessage {
  return isOfOrder(message)
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.int(0, items.length - 1)]
  assert.ok(item !== undefined)
  return item
}
