// What every store of payments keeps: the step's rows, and what the wallet did about each order.

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Charge, PaymentRow } from '../../src/domain/orders/state.ts'
import type {
  DoneCommand,
  PaymentChanges,
  PaymentLoaded,
  PaymentStepStore,
  PaymentWanted,
} from '../../src/ports/orders.ts'
import type { WalletStore } from '../../src/ports/payments.ts'
import { testOpened } from './opened.ts'
import { byId, firedBy, idMap, idsOf } from './step-stores.ts'

export type PaymentUnderTest = {
  store: PaymentStepStore
  wallet: WalletStore
  close(): Promise<void>
}

export function paymentContract(name: string, open: () => Promise<PaymentUnderTest>): void {
  const test = testOpened(open)
  describe(`the stores of the payment step and of the wallet: ${name}`, () => {
    test('know nothing at first', async ({ store, wallet }) => {
      assert.deepEqual(await loadPayments(store, ['a'], ['ann']), {
        rows: new Map(),
        balances: new Map(),
        commands: new Map(),
        charges: new Map(),
        unsettled: new Map(),
      })
      assert.deepEqual(await loadWallet(wallet, ['a'], ['ann']), {
        charges: new Map(),
        balances: new Map([['ann', 0]]),
        unsettled: new Map(),
      })
    })

    test('keep the rows of orders, whatever they say', async ({ store }) => {
      const payment = { userId: 'ann', amount: 5_000_000_000_000_000 }
      const rows: PaymentRow[] = [
        { status: 'asked', orderId: 'b', ...payment },
        { status: 'undoing', orderId: 'a', ...payment },
        { status: 'refused', orderId: 'Z', reason: 'payment_declined' },
        { status: 'cancelled', orderId: '-' },
      ]
      await changePayments(store, { rows })
      const refunded: PaymentRow = { status: 'refunded', orderId: 'a', ...payment }
      await changePayments(store, { rows: [refunded] })
      const loaded = await loadPayments(store, ['a', 'b', 'Z', '-', 'c'], [])
      const kept = rows.filter((row) => row.status !== 'undoing')
      assert.deepEqual(byId(loaded.rows), byId(idMap([...kept, refunded])))
    })

    test('keep the first outcome of a command', async ({ store }) => {
      const command = { key: 'ann', commandId: 'op:1', amount: 7, outcome: 'done' }
      const other = { ...command, commandId: 'op:2', outcome: 'balance_limit' }
      await changePayments(store, { commands: [command, other] })
      await changePayments(store, { commands: [{ ...command, amount: 8 }] })
      const { commands } = await loadPayments(store, [], [], [command, other])
      assert.deepEqual([...commands.values()].sort(byCommand), [command, other])
      const strange = { ...command, key: 'bob' }
      assert.equal((await loadPayments(store, [], [], [strange])).commands.size, 0)
    })

    test('share the balances', async ({ store, wallet }) => {
      const most = 1_000_000_000_000_000
      await changePayments(store, { balances: new Map(Object.entries({ bob: 1, ann: most })) })
      const seen = await loadWallet(wallet, [], ['ann', 'bob', 'cat'])
      assert.deepEqual(byId(seen.balances), { ann: most, bob: 1, cat: 0 })
      const balances = new Map([['ann', 3]])
      await wallet.charge({ orderIds: [], users: new Map([['ann', 0]]) }, () => {
        return { changes: { charges: new Map(), balances }, result: null }
      })
      const { balances: left } = await loadPayments(store, [], ['ann', 'bob', 'cat'])
      assert.deepEqual(byId(left), { ann: 3, bob: 1 })
    })

    test('keep what was done about each order', async ({ wallet }) => {
      const charges: Record<string, Charge> = {
        a: { status: 'captured', amount: 5 },
        B: { status: 'refused', reason: 'insufficient_funds' },
        c: { status: 'undone', refunded: 0 },
      }
      await changeCharges(wallet, charges)
      const undone: Charge = { status: 'undone', refunded: 5 }
      await changeCharges(wallet, { a: undone })
      const { charges: kept } = await loadWallet(wallet, ['a', 'B', 'c', 'd'], [])
      assert.deepEqual(byId(kept), { ...charges, a: undone })
    })

    test('tell what was captured and may come back, to whom has too little', async (opened) => {
      const { store, wallet } = opened
      await changePayments(store, { balances: new Map([['ann', 4]]) })
      const unsettled: Charge = { status: 'captured', amount: 5, unsettled: true }
      const settled: Charge = { status: 'captured', amount: 7 }
      await changeCharges(wallet, { a: unsettled, b: { ...unsettled, amount: 20 }, c: settled })
      const told = async (wanted: number) => {
        return byId((await loadWallet(wallet, [], ['ann', 'bob'], wanted)).unsettled)
      }
      assert.deepEqual(await told(4), {})
      assert.deepEqual(await told(5), { ann: 25 })
      await changePayments(store, { settled: ['c', 'b', 'nobody', 'b'] })
      assert.deepEqual(await told(5), { ann: 5 })
      const { charges } = await loadWallet(wallet, ['a', 'b', 'c', 'nobody'], [])
      assert.deepEqual(byId(charges), { a: unsettled, b: { ...settled, amount: 20 }, c: settled })
      await changeCharges(wallet, { a: { status: 'undone', refunded: 5 } })
      await changePayments(store, { settled: ['a'] })
      assert.deepEqual(await told(5), {})
      const { charges: undone } = await loadWallet(wallet, ['a'], [])
      assert.deepEqual(byId(undone), { a: { status: 'undone', refunded: 5 } })
    })

    test('capture in a transaction of the step, which is shown what it must know', async (opened) => {
      const { store, wallet } = opened
      await changePayments(store, { balances: new Map([['ann', 4]]) })
      const unsettled: Charge = { status: 'captured', amount: 5, unsettled: true }
      await changeCharges(wallet, { a: unsettled })
      const users = new Map([['ann', 5]])
      const captures = { orderIds: ['a', 'b'], users }
      const wanted = { orderIds: [], userIds: ['ann'], commands: [], captures }
      const charged = { userId: 'ann', charge: { ...unsettled, amount: 4 } }
      const loaded = await store.transact({ checks: [], wanted }, (found) => {
        const charges = new Map([['b', charged]])
        const changes = { rows: [], balances: new Map([['ann', 0]]), commands: [], charges }
        return { changes, moves: [], result: found }
      })
      assert.ok(loaded !== 'fenced')
      assert.deepEqual(byId(loaded.charges), { a: unsettled })
      assert.deepEqual(byId(loaded.unsettled), { ann: 5 })
      const after = await loadWallet(wallet, ['a', 'b'], ['ann'])
      assert.deepEqual(byId(after.charges), { a: unsettled, b: charged.charge })
      assert.deepEqual(byId(after.balances), { ann: 0 })
    })

    test('overdraw nobody, and write nothing then', async ({ store, wallet }) => {
      const charged = { userId: 'ann', charge: { status: 'captured', amount: 5 } } as const
      const changes = { charges: new Map([['a', charged]]), balances: new Map([['ann', -1]]) }
      const users = new Map([['ann', 5]])
      const charging = wallet.charge({ orderIds: ['a'], users }, () => {
        return { changes, result: null }
      })
      await assert.rejects(charging, firedBy('not_overdrawn'))
      assert.equal((await loadWallet(wallet, ['a'], [])).charges.size, 0)
      assert.equal((await loadPayments(store, [], ['ann'])).balances.size, 0)
    })

    test('spend a balance once, however many charge it at the same time', async (opened) => {
      await changePayments(opened.store, {
        balances: new Map(Object.entries({ ann: 10, bob: 10 })),
      })
      const charging = Array.from({ length: 12 }, (_, n) => {
        // In both orders, so that whoever locked as asked would meet another halfway.
        const userIds = n % 2 === 0 ? ['ann', 'bob'] : ['bob', 'ann']
        const users = new Map(userIds.map((userId) => [userId, 2]))
        return opened.wallet.charge({ orderIds: [`o-${n}`], users }, ({ balances }) => {
          const left = new Map([...balances].map(([userId, had]) => [userId, had - 2]))
          const isPoor = [...left.values()].some((balance) => balance < 0)
          const changes = { charges: new Map(), balances: isPoor ? new Map() : left }
          return { changes, result: !isPoor }
        })
      })
      const charged = (await Promise.all(charging)).filter((isCharged) => isCharged)
      assert.equal(charged.length, 5)
      const { balances } = await loadPayments(opened.store, [], ['ann', 'bob'])
      assert.deepEqual(byId(balances), { ann: 0, bob: 0 })
    })
  })
}

async function loadPayments(
  store: PaymentStepStore,
  ...[orderIds, userIds, commands = []]: [string[], string[], PaymentWanted['commands']?]
): Promise<PaymentLoaded> {
  const wanted = { orderIds, userIds, commands }
  const loaded = await store.transact({ checks: [], wanted }, (found) => {
    return { changes: { rows: [], balances: new Map(), commands: [] }, moves: [], result: found }
  })
  assert.ok(loaded !== 'fenced')
  return loaded
}

async function changePayments(
  store: PaymentStepStore,
  some: Partial<PaymentChanges>,
): Promise<void> {
  const changes = { rows: [], balances: new Map(), commands: [], ...some }
  const userIds = [...changes.balances.keys()]
  const wanted = { orderIds: idsOf(changes.rows), userIds, commands: [] }
  await store.transact({ checks: [], wanted }, () => ({ changes, moves: [], result: null }))
}

function loadWallet(
  wallet: WalletStore,
  ...[orderIds, userIds, wanted = 0]: [string[], string[], number?]
) {
  const users = new Map(userIds.map((userId) => [userId, wanted]))
  return wallet.charge({ orderIds, users }, (found) => {
    return { changes: { charges: new Map(), balances: new Map() }, result: found }
  })
}

async function changeCharges(wallet: WalletStore, some: Record<string, Charge>): Promise<void> {
  const charges = new Map(
    Object.entries(some).map(([orderId, charge]) => [orderId, { userId: 'ann', charge }]),
  )
  await wallet.charge({ orderIds: Object.keys(some), users: new Map() }, () => {
    return { changes: { charges, balances: new Map() }, result: null }
  })
}

function byCommand(a: DoneCommand, b: DoneCommand): number {
  return a.commandId < b.commandId ? -1 : 1
}
