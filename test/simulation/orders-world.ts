// One simulated rush on few pieces: the real consumers of orders on the memory twins, in virtual
// time, with buyers who have money and others who have none, processes that die and come again,
// wall clocks that leap, and the built-in wallet or a payment service that is slow and lies.
// With the wallet reads may come late, and who is told that an order has run out of time orders
// again at once. Some have coupons, which may be revoked meanwhile. Everything that chance decides
// comes from the seed.

import { type OrderPlaced, orderStepsTopic, ordersTopic } from '../../src/domain/orders/messages.ts'
import { type ConsumerName, consumerNames } from '../../src/ports/orders.ts'
import { createOrdersSystem, type OrdersSystem, type Process } from '../models/orders-consumers.ts'
import { type Coupons, createCoupons } from './orders-coupons.ts'
import { type Random, seededRandom } from './random.ts'
import { createSlowPayments, type PaymentFaults, type SlowPayments } from './slow-payments.ts'

export const price = 100
/** Longer than any fault lasts: nobody with that much time may run out of it. */
export const longLimitMs = 120_000
const stormMs = 5_000
const beforeRushMs = 1_000
/** What is cancelled last is undone by then, with every attempt that a record gets. */
const atRestMs = 7_000
/** Of the orders, where the service lies at all. */
const liedAboutShare = 0.7

export type Buyer = {
  orderId: string
  userId: string
  isRich: boolean
  limitMs: number
  placedAt: number
}
export type OrdersRun = {
  random: Random
  system: OrdersSystem
  pieces: number
  buyers: Buyer[]
  coupons: Coupons
  /** Null: the built-in wallet. */
  payments: SlowPayments | null
  lies: boolean
  faults: PaymentFaults & { killed: number; again: number }
}

export async function runOrders(seed: number): Promise<OrdersRun> {
  const world = await createWorld(seed)
  const fleet = new Fleet(world)
  await fleet.start()
  await world.system.pass(beforeRushMs)
  placeByChance(world)
  world.coupons.scheduleActs(stormMs / 2)
  fleet.scheduleDeaths()
  if (world.payments === null) orderAgain(world)
  await world.system.pass(stormMs)
  // Whoever lies does so until what it left open was asked again.
  if (world.lies) await world.system.pass(stormMs)
  world.payments?.heal()
  const lastMs = Math.max(...world.buyers.map(({ limitMs }) => limitMs))
  for (let ms = 0; ms < lastMs && !areAllEnded(world); ms += 500) await world.system.pass(500)
  await world.system.pass(atRestMs)
  await fleet.close()
  return world
}

async function createWorld(seed: number): Promise<OrdersRun> {
  const random = seededRandom(seed)
  const system = createOrdersSystem(undefined, random)
  const { clock } = system
  const isLarge = seed % 100 === 0
  const pieces = isLarge ? 20 : random.int(1, 4)
  // It takes a death between a capture and its order's end, and an order that then has no time.
  const lies = random.chance(0.2)
  const isWallet = !lies && random.chance(0.4)
  const hasTime = !lies && random.chance(isWallet ? 0.4 : 0.8)
  const buyer = (name: string, isRich: boolean): Buyer => {
    const limitMs = hasTime
      ? longLimitMs
      : random.int(1_000, isWallet || (lies && random.chance(0.5)) ? 3_000 : 10_000)
    return { orderId: name, userId: name, isRich, limitMs, placedAt: 0 }
  }
  const [rich, poor] = isLarge ? [40, 60] : [random.int(1, 5), random.int(0, 4)]
  const buyers = [
    ...Array.from({ length: rich }, (_, n) => buyer(`rich-${n}`, true)),
    ...Array.from({ length: poor }, (_, n) => buyer(`poor-${n}`, false)),
  ]
  const faults = { slow: 0, late: 0, lost: 0, lied: 0, killed: 0, again: 0 }
  const balances = new Map(
    buyers.flatMap(({ orderId, isRich }) => (isRich ? [[orderId, price]] : [])),
  )
  const liedAbout = lies
    ? buyers.map(({ orderId }) => orderId).filter(() => random.chance(liedAboutShare))
    : []
  const isLiedAbout = (orderId: string) => liedAbout.includes(orderId)
  const parts = { clock, random, faults, balances, isLiedAbout }
  const payments = isWallet ? null : createSlowPayments(parts)
  const by = 'op'
  const tea = { productId: 'tea', name: 'Tea', price, stock: pieces, by, commandId: 'c' }
  await system.append({ type: 'product.created', ...tea })
  for (const { orderId, isRich } of buyers) {
    if (!isRich || payments !== null) continue
    const topUp = { userId: orderId, amount: price, by, commandId: orderId }
    await system.append({ type: 'wallet.topped_up', ...topUp })
  }
  const holders = random.chance(0.5) ? buyers.filter(() => random.chance(0.7)) : []
  const users = holders.map(({ userId }) => userId)
  const coupons = createCoupons({ system, random, users })
  return { random, system, pieces, buyers, coupons, payments, lies, faults }
}

function placeByChance(world: OrdersRun): void {
  const { system, random, buyers } = world
  const withinMs = random.chance(0.5) ? 0 : stormMs / 2
  for (const buyer of buyers) {
    system.clock.after(random.int(0, withinMs), () => place(world, buyer))
  }
}

function place({ system, coupons }: OrdersRun, buyer: Buyer): void {
  buyer.placedAt = system.clock.monotonic()
  const { orderId, userId, limitMs: timeLimitMs } = buyer
  const lines = [{ productId: 'tea', quantity: 1 }]
  const content = { orderId, userId, lines, timeLimitMs, ...coupons.namedBy(userId) }
  const order: OrderPlaced = { type: 'order.placed', ...content }
  system.append(order).catch((error: unknown) => system.errors.push(error))
}

/** A told end is a done end: what the first order has paid is there for the second. */
function orderAgain(world: OrdersRun): void {
  const { system, buyers, faults } = world
  const first = new Set(buyers.filter(({ isRich }) => isRich))
  const look = () => {
    const told = [...first].filter(({ orderId }) => {
      const state = system.stores.orders.kept.get(orderId)?.state
      return state?.status === 'cancelled' && state.reason === 'timed_out'
    })
    if (told.length === 0 && areAllEnded(world)) return
    for (const buyer of told) {
      const again = { ...buyer, orderId: `again-${buyer.orderId}`, limitMs: longLimitMs }
      first.delete(buyer)
      buyers.push(again)
      place(world, again)
      faults.again++
    }
    system.clock.after(1, look)
  }
  look()
}

/** Processes of all consumers, or of some; whoever dies comes again a while later. */
class Fleet {
  private readonly world: OrdersRun
  private readonly running: { process: Process; names: readonly ConsumerName[] }[] = []
  private readonly coming: Promise<void>[] = []

  constructor(world: OrdersRun) {
    this.world = world
  }

  async start(): Promise<void> {
    const { random, lies } = this.world
    const apart = [['order-process'], consumerNames.filter((name) => name !== 'order-process')]
    const alike = [consumerNames, consumerNames].slice(random.int(0, 1))
    for (const names of lies || random.chance(0.2) ? apart : alike) {
      await this.startOne(names as ConsumerName[])
    }
  }

  scheduleDeaths(): void {
    const { random, system, faults } = this.world
    const deaths = random.int(0, 3)
    for (let n = 0; n < deaths; n++) {
      const restsMs = random.int(0, stormMs / 2)
      system.clock.after(random.int(0, stormMs - restsMs), () => {
        const dead = this.running.shift()
        if (dead === undefined) return
        faults.killed++
        void dead.process.kill()
        system.clock.after(restsMs, () => this.coming.push(this.startOne(dead.names)))
      })
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.coming)
    const { clock } = this.world.system
    const closed = Promise.all(this.running.map(({ process }) => process.close()))
    await clock.runUntil(clock.now() + 1_000)
    await closed
  }

  /**
   * As a rush begins: what the steps say, and longer one partition of the orders. An order may be
   * told cancelled that has paid, and others go on before what it paid is given back.
   */
  private lateReads(): (topic: string, partition: number) => boolean {
    const { random, system } = this.world
    const { clock } = system
    const begins = clock.monotonic() + beforeRushMs
    const partition = random.int(0, 3)
    const stepsFrom = begins + random.int(0, 100)
    const ordersFrom = begins + random.int(0, 150)
    const stepsUntil = stepsFrom + random.int(0, 1) * random.int(1_000, 3_000)
    const ordersUntil = ordersFrom + random.int(0, 1) * random.int(3_000, 5_000)
    return (topic, read) => {
      const now = clock.monotonic()
      if (topic === orderStepsTopic) return stepsFrom <= now && now < stepsUntil
      const isLate = topic === ordersTopic && read === partition
      return isLate && ordersFrom <= now && now < ordersUntil
    }
  }

  private async startOne(names: readonly ConsumerName[]): Promise<void> {
    const { system, payments } = this.world
    const faults = payments === null ? { readsLate: this.lateReads() } : { payments }
    const process = await system.run({ names, ...faults })
    this.running.push({ process, names })
  }
}

function areAllEnded({ system, buyers }: OrdersRun): boolean {
  const { kept } = system.stores.orders
  return buyers.every(({ orderId }) => {
    const status = kept.get(orderId)?.state.status
    return status === 'confirmed' || status === 'cancelled'
  })
}
