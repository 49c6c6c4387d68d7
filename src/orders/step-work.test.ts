import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Item, ItemResult } from '../consumer/consumer-work.ts'
import type { OrderMessage } from '../domain/orders/messages.ts'
import { commandKey, type DoneCommand } from '../ports/orders.ts'
import { stepResult, suppliesFirst, takeCommand, Working } from './step-work.ts'

const confirmed: OrderMessage = { type: 'order.confirmed', orderId: 'o' }
const reply = { type: 'stock.sold', orderId: 'o' } as const

describe('the steps', () => {
  test('take what is supplied before orders of the same batch, and answer in its order', () => {
    const item = (type: string, commandId?: string): Item<{ type: string }> => {
      return {
        message: { type, ...(commandId && { commandId }) },
        topic: 'topic',
        partition: 0,
        at: 0,
      }
    }
    const items = [item('order.a'), item('supply.b', '1'), item('order.c', '2'), item('supply.d')]
    const taken: string[] = []
    const results = suppliesFirst(items, ({ message: { type } }): ItemResult => {
      taken.push(type)
      return { kind: type.startsWith('order.') ? 'applied' : 'dropped', publish: [] }
    })
    assert.deepEqual(taken, ['supply.b', 'supply.d', 'order.a', 'order.c'])
    const kinds = results.map(({ kind }) => kind)
    assert.deepEqual(kinds, ['applied', 'dropped', 'applied', 'dropped'])
  })

  test('take a command once: its first outcome stays, whatever a second record of it says', () => {
    const commands = new Working<DoneCommand>(new Map())
    const name = { key: 'tea', commandId: 'c' }
    const take = (amount: number) => takeCommand(commands, { ...name, amount }, () => `${amount}`)
    assert.deepEqual(
      [take(5), take(6)].map(({ kind }) => kind),
      ['applied', 'dropped'],
    )
    assert.deepEqual(commands.get(commandKey(name)), { ...name, amount: 5, outcome: '5' })
    assert.equal(
      takeCommand(commands, { ...name, key: 'cup', amount: 1 }, () => '').kind,
      'applied',
    )
  })

  test('publish what they did and what they repeat, and put aside what contradicts them', () => {
    const kindOf = (outcome: 'applied' | 'repeated' | 'ignored') => {
      const { kind, publish } = stepResult({ outcome, replies: [reply] }, confirmed)
      return `${kind} ${publish.length}`
    }
    assert.deepEqual(
      [kindOf('applied'), kindOf('repeated'), kindOf('ignored')],
      ['applied 1', 'dropped 1', 'dropped 1'],
    )
    assert.throws(() => stepResult({ outcome: 'contradiction', replies: [] }, confirmed), {
      message: /order.confirmed of order o contradicts what this step has stored/,
    })
  })
})
