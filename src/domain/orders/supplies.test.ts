import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  balanceMax,
  type ProductCreated,
  type StockAdded,
  stockMax,
  type WalletMessage,
} from './messages.ts'
import { decideProduct, eventsOf, evolveProduct } from './product.ts'
import { absent, type Charge, type Product } from './state.ts'
import { type ChargeCommand, decideCharge, decideTopUp } from './wallet.ts'

const command = { by: 'op', commandId: 'c' }
const created: ProductCreated = {
  type: 'product.created',
  productId: 'tea',
  name: 'Tea',
  price: 150,
  stock: 5,
  ...command,
}
const added: StockAdded = { type: 'stock.added', productId: 'tea', add: 3, ...command }
const tea: Product = evolveProduct(absent, { type: 'created', created })
const fuller: Product = evolveProduct(tea, { type: 'added', add: 3 })

describe('a product', () => {
  const full: Product = { ...tea, supplied: stockMax }
  const rows = [
    ['the first creation', created, null, absent, 'done'],
    ['the same creation again', { ...created, commandId: 'd' }, null, tea, 'unchanged'],
    ['the same creation after more came in', created, null, fuller, 'unchanged'],
    ['another name', { ...created, name: 'Green tea' }, null, tea, 'conflict'],
    ['another price', { ...created, price: 151 }, null, tea, 'conflict'],
    ['another stock to start with', { ...created, stock: 8 }, null, fuller, 'conflict'],
    ['more stock', added, null, tea, 'done'],
    ['more of an unknown product', added, null, absent, 'unknown_product'],
    ['the same command again', added, 3, tea, 'done'],
    ['the same command with another amount', added, 4, tea, 'conflict'],
    ['more than may be', added, null, full, 'stock_limit'],
    ['as much as may be', added, null, { ...tea, supplied: stockMax - 3 }, 'done'],
  ] as const
  for (const [name, message, before, state, outcome] of rows) {
    test(`given ${name} ends ${outcome}`, () => {
      const decision = decideProduct({ message, before }, state)
      assert.equal(decision.outcome, outcome)
      assert.equal(decision.event !== null, outcome === 'done' && before === null)
    })
  }

  test('always adds up: available, held and sold are all that was supplied', () => {
    const lines = [{ productId: 'tea', quantity: 2 }]
    const counts = ['hold', 'hold', 'release', 'sell'] as const
    let product = fuller
    const seen = counts.map((kind) => {
      const event = eventsOf({ kind, lines }).get('tea')
      assert.ok(event !== undefined)
      product = evolveProduct(product, event)
      assert.equal(product.available + product.held + product.sold, product.supplied)
      return [product.available, product.held, product.sold]
    })
    const expected = [
      [6, 2, 0],
      [4, 4, 0],
      [6, 2, 0],
      [6, 0, 2],
    ]
    assert.deepEqual(seen, expected)
    assert.equal(product.initial, 5)
  })

  test('may be held, and sold, to the last piece', () => {
    const gone = evolveProduct(tea, { type: 'held', quantity: tea.available })
    assert.equal(gone.available, 0)
    assert.equal(evolveProduct(gone, { type: 'sold', quantity: gone.held }).held, 0)
  })

  test('never goes below 0: that is a programming error', () => {
    assert.throws(() => evolveProduct(tea, { type: 'held', quantity: 6 }), { message: /below 0/ })
    assert.throws(() => evolveProduct(tea, { type: 'sold', quantity: 1 }), { message: /below 0/ })
    assert.throws(() => evolveProduct(absent, { type: 'added', add: 1 }))
  })
})

describe('a top-up', () => {
  const message: WalletMessage = {
    type: 'wallet.topped_up',
    userId: 'ann',
    amount: 100,
    ...command,
  }
  const rows = [
    ['of a new command', null, 5, { outcome: 'done', add: 100 }],
    ['of a command that was done', 100, 5, { outcome: 'done', add: 0 }],
    ['of its command with another amount', 99, 5, { outcome: 'conflict', add: 0 }],
    ['to the limit', null, balanceMax - 100, { outcome: 'done', add: 100 }],
    ['beyond the limit', null, balanceMax - 99, { outcome: 'balance_limit', add: 0 }],
    ['that was done, beyond the limit now', 100, balanceMax, { outcome: 'done', add: 0 }],
  ] as const
  for (const [name, before, balance, expected] of rows) {
    test(`${name} ends ${expected.outcome} and adds ${expected.add}`, () => {
      assert.deepEqual(decideTopUp({ message, before }, balance), expected)
    })
  }
})

describe('a charge', () => {
  const capture: ChargeCommand = { kind: 'capture', amount: 100 }
  const undo: ChargeCommand = { kind: 'undo' }
  const captured: Charge = { status: 'captured', amount: 100 }
  const refused: Charge = { status: 'refused', reason: 'insufficient_funds' }
  const unsettled: Charge = { ...captured, unsettled: true }
  const rows = [
    ['the whole balance', capture, absent, 100, 'captured', -100],
    ['more than the balance', capture, absent, 99, 'refused', 0],
    ['what was captured before', capture, captured, 0, 'captured', 0],
    ['what was refused, with money now', capture, refused, 500, 'refused', 0],
    ['what was undone', capture, { status: 'undone', refunded: 100 }, 500, 'undone', 0],
    ['the undoing of a capture', undo, captured, 0, 'undone', 100],
    ['the undoing of one that was unsettled', undo, unsettled, 0, 'undone', 100],
    ['the undoing again', undo, { status: 'undone', refunded: 100 }, 100, 'undone', 0],
    ['the undoing of what was refused', undo, refused, 99, 'undone', 0],
    ['the undoing before the capture', undo, absent, 500, 'undone', 0],
  ] as const
  for (const [name, asked, charge, balance, status, add] of rows) {
    test(`asked for ${name} is then ${status} and moves ${add}`, () => {
      const decision = decideCharge(asked, charge, { balance, unsettled: 0 })
      assert.equal(decision.charge.status, status)
      assert.equal(decision.add, add)
    })
  }

  for (const [balance, unsettledSum, answer] of [
    [99, 1, 'not_now'],
    [0, 100, 'not_now'],
    [98, 1, 'refused'],
    [0, 99, 'refused'],
    [100, 100, 'captured'],
  ] as const) {
    const funds = { balance, unsettled: unsettledSum }
    test(`is ${answer} with ${balance} and ${unsettledSum} that may come back`, () => {
      const decision = decideCharge(capture, absent, funds)
      assert.equal(decision.answer.kind, answer)
      const left = { captured: unsettled, not_now: absent, refused }
      assert.deepEqual(decision.charge, left[answer])
    })
  }

  for (const [balance, answer, isUnread] of [
    [98, 'not_now', true],
    [99, 'not_now', undefined],
    [100, 'captured', undefined],
  ] as const) {
    test(`is ${answer} with ${balance}, 1 that may come back and top-ups that are unread`, () => {
      const funds = { balance, unsettled: 1, mayHaveMore: true }
      const decision = decideCharge(capture, absent, funds)
      assert.equal(decision.answer.kind, answer)
      assert.equal('isUnread' in decision.answer ? true : undefined, isUnread)
      assert.deepEqual(decision.charge, answer === 'captured' ? unsettled : absent)
    })
  }

  test('answers what it did, and the same when it is asked again', () => {
    const funds = (balance: number) => ({ balance, unsettled: 0 })
    const answers = (charge: Charge, balance: number) => {
      const first = decideCharge(capture, charge, funds(balance))
      const second = decideCharge(capture, first.charge, funds(1_000))
      assert.deepEqual(second.answer, first.answer)
      const undone = decideCharge(undo, second.charge, funds(0))
      assert.deepEqual(decideCharge(undo, undone.charge, funds(0)).answer, undone.answer)
      return [first.answer, undone.answer]
    }
    const yes = [{ kind: 'captured' }, { kind: 'undone', refunded: 100 }]
    assert.deepEqual(answers(absent, 100), yes)
    const no = { kind: 'refused', reason: 'insufficient_funds' }
    assert.deepEqual(answers(absent, 99), [no, { kind: 'undone', refunded: 0 }])
    const never = decideCharge(capture, { status: 'undone', refunded: 0 }, funds(500))
    assert.deepEqual(never.answer, { kind: 'refused', reason: 'payment_declined' })
  })
})
