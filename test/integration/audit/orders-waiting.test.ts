// What the audit of orders says of records that are on their way: in a retry topic, as a dead
// letter, not yet published; and that every record which a consumer has taken is accounted for.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeadLetter,
  decideDeadLetter,
  evolveDeadLetter,
} from '../../../src/domain/orders/dead-letter.ts'
import {
  type DeadLetterAdded,
  type DeadLetterMessage,
  deadLetterId as idOf,
} from '../../../src/domain/orders/dead-letter-messages.ts'
import { type OrderMessage, ordersTopic } from '../../../src/domain/orders/messages.ts'
import { entryOf } from '../../../src/domain/orders/records.ts'
import { deadLettersTopic, retryTopics } from '../../../src/domain/orders/retries.ts'
import type { AuditedPosition } from '../../../src/ports/orders-audit.ts'
import {
  type AuditedWorld,
  auditWorld,
  letterRow,
  originOf,
  payBob,
  placed,
  positionAt,
  retriedEntry,
  rowOf,
  say,
  smallWorld,
} from '../../models/orders-audit.ts'

const consumer = 'payment-step'
const end: OrderMessage<'order.cancelled'> = {
  type: 'order.cancelled',
  orderId: 'bob-1',
  reason: 'insufficient_funds',
}
/** Bob's order. */
const partition = 1

test('an order that waits is the one that was placed', async () => {
  const world = await smallWorld()
  const order = placed('dan-1', { tea: 1 })
  await say(world, order)
  const since = world.clock.at
  const found = async (changed: object) => {
    const row = { status: 'waiting', orderId: 'dan-1', placed: order, since, ...changed } as const
    const stored = { orderId: 'dan-1', status: 'waiting', unannounced: true, row }
    const tables = { ...world.tables, 'stock-rows': [...world.tables['stock-rows'], stored] }
    return (await auditWorld({ ...world, tables })).found.map(({ text }) => text)
  }
  assert.deepEqual(await found({}), [])
  const [text, ...others] = await found({ placed: { ...order, userId: 'eve' } })
  assert.deepEqual(others, [])
  assert.match(text ?? '', /^order dan-1: its stock row has placed /)
})

describe('a cancelled order that has paid is no difference', () => {
  test('while its undoing waits in a retry topic', async () => {
    const world = await paidWorld()
    await world.log.append(retryTopics[0], [retriedEntry(consumer, end, 7)])
    const { found, counts } = await auditWorld(world)
    assert.deepEqual(found, [])
    assert.deepEqual([counts.waitingRetries, counts.inFlight], [1, 1])
  })

  test('but is one as soon as the retried record is handled', async () => {
    const world = await paidWorld()
    await world.log.append(retryTopics[0], [retriedEntry(consumer, end, 7)])
    world.positions.push(positionAt({ consumer, topic: retryTopics[0], partition }, 1))
    const { differences, counts } = await auditWorld(world)
    assert.ok(differences > 0)
    assert.equal(counts.waitingRetries, 0)
  })

  test('nor is it excused by what waits for another consumer', async () => {
    const world = await paidWorld()
    await world.log.append(retryTopics[0], [retriedEntry('stock-step', end, 7)])
    assert.ok((await auditWorld(world)).differences > 0)
  })

  test('while its undoing is a dead letter that waits for an operator', async () => {
    const world = await paidWorld()
    await bury(world, letter('waiting'))
    const { found, counts } = await auditWorld(world)
    assert.deepEqual(found, [])
    assert.deepEqual([counts.waitingDeadLetters, counts.inFlight], [1, 1])
  })

  test('but is one while the provider contradicts itself, though its dead letter waits', async () => {
    const world = await paidWorld()
    await bury(world, letter('waiting'))
    const { row } = rowOf(world, 'payment-rows', (it) => it.orderId === 'bob-1')
    Object.assign(row, { disputed: true })
    const { found } = await auditWorld(world)
    assert.ok(found.some(({ text }) => text.includes('contradicts itself')))
  })

  test('but is one where the dead letter was discarded', async () => {
    const world = await paidWorld()
    await bury(world, letter('discarded'))
    assert.ok((await auditWorld(world)).differences > 0)
  })

  test('while it is re-driven and not in the retry topic yet', async () => {
    const world = await paidWorld()
    await bury(world, letter('redriven'))
    assert.deepEqual((await auditWorld(world)).found, [])
    const again = retriedEntry(consumer, end, 7)
    const headers = { ...again.headers, 'firstcome-redrives': '1' }
    await world.log.append(retryTopics[0], [{ ...again, headers }])
    assert.equal((await auditWorld(world)).counts.waitingRetries, 1)
    world.positions.push(positionAt({ consumer, topic: retryTopics[0], partition }, 1))
    assert.ok((await auditWorld(world)).differences > 0)
  })

  test('while the step has postponed it and not published that yet', async () => {
    const world = await paidWorld()
    const position = positionOf(world, { consumer, topic: ordersTopic, partition })
    take(position, { postponed: 1 })
    position.published = (await lastOffset(world)) ?? 0
    assert.ok(position.published < position.next)
    assert.deepEqual((await auditWorld(world)).found, [])
  })
})

describe('an audit of the counts finds', () => {
  const place = { consumer, topic: ordersTopic, partition } as const
  const retryPlace = { consumer, topic: retryTopics[0], partition } as const
  const text = 'payment-step, partition 1 of firstcome.orders'

  test('counts that do not add up to the records taken', async () => {
    const world = await smallWorld()
    const { next, taken } = positionOf(world, place)
    taken.applied -= 1
    await finds(world, [`${text}: ${next} records were taken, ${next - 1} accounted for`])
  })

  test('a position beyond the end of the log', async () => {
    const world = await smallWorld()
    const { next } = positionOf(world, place)
    Object.assign(positionOf(world, place), positionAt(place, next + 1))
    await finds(world, [`${text}: ${next + 1} were taken, but the log ends at ${next}`])
  })

  test('a postponed record that is in no retry topic', async () => {
    const world = await smallWorld()
    take(positionOf(world, place), { postponed: 1 })
    await finds(world, ['payment-step, partition 1: 1 were postponed, 0 are in the retry topics'])
    await world.log.append(retryTopics[0], [retriedEntry(consumer, end, 7)])
    await finds(world, [])
  })

  test('a buried record that is no dead letter', async () => {
    const world = await smallWorld()
    take(positionOf(world, place), { buried: 1 })
    await finds(world, [
      'payment-step, partition 1: 1 were buried, 0 are in firstcome.dead-letters',
    ])
    await bury(world, letter('waiting'))
    await finds(world, [])
  })

  test('records that were passed by, but were meant for the consumer itself', async () => {
    const world = await smallWorld()
    await world.log.append(retryTopics[0], [retriedEntry('stock-step', end, 7)])
    const position = positionAt(retryPlace, 1)
    world.positions.push(position)
    await finds(world, [
      'payment-step, partition 1 of firstcome.retries-1s: 0 passed by, but 1 were meant for others',
    ])
    take(position, { passedBy: 1 })
    await finds(world, [])
    take(positionOf(world, place), { passedBy: 1 })
    await finds(world, [
      'payment-step, partition 1 of firstcome.orders: 1 passed by, but all of them are its own',
    ])
  })

  test('dead letters without a row, and rows without a dead letter', async () => {
    const world = await smallWorld()
    await bury(world, letter('waiting'))
    await finds(world, [])
    const id = 'payment-step.orders.1.7'
    const alone = await smallWorld()
    alone.tables.letters = world.tables.letters
    await finds(alone, [`dead letter ${id}: a row, but firstcome.dead-letters has none`])
    world.tables.letters = []
    await finds(world, [`dead letter ${id}: it was buried, but its row is missing`])
  })
})

test('void records of the orders topic are counted, and nothing waits for their dead letters', async () => {
  const world = await smallWorld()
  await world.log.append(ordersTopic, [{ key: 'bob-1', value: Buffer.from('not a record') }])
  for (const name of ['order-process', 'coupon-step', 'stock-step', consumer] as const) {
    const position = positionOf(world, { consumer: name, topic: ordersTopic, partition })
    Object.assign(position, positionAt(position, position.next + 1))
    take(position, { buried: 1 })
    const undecodable = { ...letter('waiting'), consumer: name, redrivable: false }
    await bury(world, { ...undecodable, deadLetterId: idOf(name, undecodable.origin) })
  }
  const { found, counts } = await auditWorld(world)
  assert.deepEqual(found, [])
  assert.deepEqual([counts.voidRecords, counts.inFlight, counts.waitingDeadLetters], [1, 0, 4])
})

async function paidWorld(): Promise<AuditedWorld> {
  const world = await smallWorld()
  await payBob(world)
  assert.ok((await auditWorld(world)).differences > 0)
  return world
}

type Letter = DeadLetterAdded & { status: DeadLetter['status'] }

function letter(status: DeadLetter['status']): Letter {
  const origin = originOf(end, 7)
  const record = { key: 'bob-1', value: Buffer.from('{}').toString('base64'), headers: {} }
  const failed = { consumer, origin, reason: 'no', attempts: 3, redrivable: true, redrives: 0 }
  const deadLetterId = idOf(consumer, origin)
  return { type: 'dead_letter.buried', deadLetterId, ...record, ...failed, status }
}

/** In the topic and in the row, with the position past it, and with what an operator did. */
async function bury({ log, positions, tables }: AuditedWorld, buried: Letter): Promise<void> {
  const { status, ...added } = buried
  const { deadLetterId: id } = added
  const act = { deadLetterId: id, by: 'op', commandId: 'c' }
  const said: DeadLetterMessage[] = [added]
  if (status !== 'waiting') said.push({ type: `dead_letter.${status}`, ...act })
  let row: DeadLetter | null = null
  for (const message of said) {
    const [place] = await log.append(deadLettersTopic, [entryOf(message)])
    assert.ok(place !== undefined)
    const at = log.records(deadLettersTopic)[place.partition]?.[place.offset]?.appendedAt ?? 0
    const { event } = decideDeadLetter({ message, at, before: null }, row)
    if (event !== null) row = evolveDeadLetter(row, event)
    const own = { consumer: 'dead-letters', topic: deadLettersTopic, ...place } as const
    const rest = positions.filter((it) => {
      return it.consumer !== own.consumer || it.partition !== own.partition
    })
    positions.splice(0, positions.length, ...rest, positionAt(own, own.offset + 1))
  }
  assert.ok(row !== null)
  if (tables.letters.some((it) => it.id === id)) return
  tables.letters.push(letterRow(row))
  const command = { key: id, commandId: 'c', amount: null, outcome: 'done' }
  if (status !== 'waiting') tables['letter-commands'].push(command)
}

type Place = Pick<AuditedPosition, 'consumer' | 'topic' | 'partition'>

function positionOf({ positions }: AuditedWorld, place: Place): AuditedPosition {
  const found = positions.find((it) => {
    return (
      it.consumer === place.consumer && it.topic === place.topic && it.partition === place.partition
    )
  })
  assert.ok(found !== undefined)
  return found
}

/** Counts some of the applied records as something else. */
function take({ taken }: AuditedPosition, other: Partial<AuditedPosition['taken']>): void {
  for (const [name, count] of Object.entries(other)) {
    taken[name as keyof typeof taken] += count
    taken.applied -= count
  }
}

async function lastOffset({ log }: AuditedWorld): Promise<number | undefined> {
  const own = log.records(ordersTopic)[partition]?.filter(({ key }) => key === 'bob-1')
  return own?.at(-1)?.offset
}

async function finds(world: AuditedWorld, expected: readonly string[]): Promise<void> {
  const { found } = await auditWorld(world)
  assert.deepEqual(
    found.map(({ invariant, text }) => [invariant, text]),
    expected.map((text) => ['I14', text]),
  )
}
