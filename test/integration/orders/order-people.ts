// People who order through any of some API nodes and go to another when theirs is gone, the
// operator who stocks the shop for them, and the ledger of what they were told. A time-out, a
// reset, a 5xx or a 'pending' is no answer in it: whoever gets one asks again by the same key.

import assert from 'node:assert/strict'
import { idOfKey } from '../../../src/api/orders/order-answers.ts'
import { sleep } from '../distributed/node-clients.ts'
import { type Node, NodeConnection } from '../processes/node-connection.ts'

export type Answer = { status: number; body: Record<string, unknown> }
/** `node`: which is asked first. */
export type NewOrder = {
  lines: { productId: string; quantity: number }[]
  couponId?: string
  node?: number
}
export type Request = { as?: string; key?: string; json?: object; node?: number }
/** `step outcome`, in the order of the steps' topic. */
export type Order = {
  orderId: string
  status: 'pending' | 'confirmed' | 'cancelled'
  reason?: string
  subtotal?: number
  discount?: number
  total?: number
  steps: { step: string; outcome: string }[]
}
/** `order`: null where it is not known how it ended. `refusal`: the slug of a problem. */
export type ToldOrder = {
  user: string
  key: string
  orderId: string
  status: number
  order: Order | null
  refusal: string | null
  /** Milliseconds, by one clock. */
  sentAt: number
  at: number
}

/** Everything heals within this. */
export const endMsMax = 60_000
const againMsMin = 50
/** Where everything is away thousands ask again: they must not be the load. */
const againMsMax = 1_000

export class OrderPeople {
  /** In the order of the answers. */
  readonly told: ToldOrder[] = []
  private readonly nodes: NodeConnection[]
  private readonly askMsMax: number

  /** `askMsMax`: how long somebody asks again; longer where much is broken for long. */
  constructor(nodes: readonly Node[], askMsMax = endMsMax) {
    this.nodes = nodes.map((node) => new NodeConnection(node))
    this.askMsMax = askMsMax
  }

  /** A node that came back has another address. */
  async moved(at: number, node: Node): Promise<void> {
    await this.nodes[at]?.moveTo(node)
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close()
  }

  /** Status 0: there was no answer. */
  async call(line: string, { node = 0, ...asked }: Request = {}): Promise<Answer> {
    const connection = this.nodes[node % this.nodes.length]
    assert.ok(connection)
    try {
      const { status, text } = await connection.call(line, asked)
      return { status, body: text.startsWith('{') ? JSON.parse(text) : { text } }
    } catch {
      return { status: 0, body: {} }
    }
  }

  /** Asks again, at the next node, until the answer is neither unknown nor 'pending'. */
  async insist(line: string, request: Request = {}): Promise<Answer> {
    const deadline = performance.now() + this.askMsMax
    for (let turn = 0; ; turn++) {
      const node = (request.node ?? 0) + turn
      const answer = await this.call(line, { ...request, node })
      const { status } = answer
      if (status !== 0 && status !== 202 && status !== 429 && status < 500) return answer
      assert.ok(
        performance.now() < deadline,
        `${line}: still ${status} ${JSON.stringify(answer.body)}`,
      )
      await sleep(againMs(turn))
    }
  }

  async stock(
    productId: string,
    { price, stock }: { price: number; stock: number },
  ): Promise<void> {
    const json = { productId, name: productId, price, stock }
    good(await this.insist('POST /products', { json }))
  }

  async topUp(user: string, amount: number, key = `first-${user}`): Promise<void> {
    good(await this.insist(`POST /wallets/${user}/top-ups`, { json: { amount }, key }))
  }

  async offer(couponId: string, quantity: number, discount: object): Promise<void> {
    const json = { couponId, name: couponId, quantity, discount }
    good(await this.insist('POST /coupons', { json }))
  }

  async win(couponId: string, user: string): Promise<void> {
    good(await this.insist(`POST /coupons/${couponId}/claims`, { as: user }))
  }

  /** Asks once. */
  async place(user: string, key: string, order: NewOrder): Promise<ToldOrder> {
    const { node = 0, ...json } = order
    const sentAt = performance.now()
    const { status, body } = await this.call('POST /orders', { as: user, key, json, node })
    const ended = status === 200 || status === 201
    const type = typeof body.type === 'string' ? body.type.replace('/problems/', '') : null
    const refusal = status >= 400 && status < 500 ? type : null
    const orderId = idOfKey(user, key)
    const end = ended ? (body as Order) : null
    if (end !== null) assert.equal(end.orderId, orderId)
    const told = { user, key, orderId, status, order: end, refusal, sentAt, at: performance.now() }
    this.told.push(told)
    return told
  }

  /** By the same key at one node after the other, until it is known how it ended. */
  async placeUntilEnded(user: string, key: string, asked: NewOrder): Promise<Order> {
    const { node = 0 } = asked
    const deadline = performance.now() + this.askMsMax
    for (let turn = 0; ; turn++) {
      const { order, refusal, status } = await this.place(user, key, {
        ...asked,
        node: node + turn,
      })
      if (order !== null) return order
      assert.equal(refusal, null, `${user} ${key}`)
      assert.ok(performance.now() < deadline, `${user} ${key}: still ${status}`)
      await sleep(againMs(turn))
    }
  }

  async order(user: string, key: string): Promise<Order> {
    const orderId = idOfKey(user, key)
    const { status, body } = await this.insist(`GET /orders/${orderId}`, { as: user })
    assert.equal(status, 200, JSON.stringify(body))
    return body as Order
  }

  /** Ended, and every step has done what follows from that. */
  async settled(user: string, key: string): Promise<Order> {
    const deadline = performance.now() + this.askMsMax
    for (;;) {
      const order = await this.order(user, key)
      if (isSettled(order)) return order
      assert.ok(performance.now() < deadline, `${user} ${key}: ${JSON.stringify(order)}`)
      await sleep(againMsMin)
    }
  }

  async product(productId: string): Promise<{ available: number; held: number; sold: number }> {
    const { body } = await this.insist(`GET /products/${productId}`)
    const { available, held, sold } = body
    return { available: Number(available), held: Number(held), sold: Number(sold) }
  }

  async balance(user: string): Promise<number> {
    return Number((await this.insist('GET /wallets/mine', { as: user })).body.balance)
  }
}

export function saidOf({ steps }: Order): string[] {
  return steps.map(({ step, outcome }) => `${step} ${outcome}`)
}

const undoings = [
  ['coupon used', 'coupon released'],
  ['stock held', 'stock released'],
  ['payment captured', 'payment refunded'],
] as const

/** Where nothing was due nothing is given back: only orders that owe something are asked about. */
export function isSettled(order: Order): boolean {
  const said = saidOf(order)
  if (order.status === 'confirmed') return said.includes('stock sold')
  if (order.status === 'pending') return false
  return undoings.every(([done, undone]) => !said.includes(done) || said.includes(undone))
}

/** Whoever was told an end is told the same ever after. Gives the end of each order. */
export function checkTold(told: readonly ToldOrder[]): Map<string, Order> {
  const ends = new Map<string, Order>()
  for (const { orderId, order } of told) {
    if (order === null) continue
    const before = ends.get(orderId) ?? order
    const { status, reason, total } = before
    assert.deepEqual(
      { status: order.status, reason: order.reason, total: order.total },
      { status, reason, total },
    )
    ends.set(orderId, before)
  }
  return ends
}

function againMs(turn: number): number {
  return Math.min(againMsMin * 2 ** turn, againMsMax)
}

function good({ status, body }: Answer): void {
  assert.ok(status === 200 || status === 201, `${status} ${JSON.stringify(body)}`)
}
