// A healthy shop for audits to look at, whose rows the real consumers have written: orders that
// were confirmed, cancelled and refused by each step, supplies that were refused, and dead letters
// that wait, were re-driven and discarded.

import { ordersTopic } from '../../src/domain/orders/messages.ts'
import { entryOf } from '../../src/domain/orders/records.ts'
import { deadLettersTopic } from '../../src/domain/orders/retries.ts'
import { createWallet } from '../../src/orders/wallet.ts'
import type { Payments } from '../../src/ports/payments.ts'
import { type AuditedWorld, placed } from './orders-audit.ts'
import { createOrdersSystem, type OrdersSystem } from './orders-consumers.ts'
import { auditedSystem } from './orders-system-audit.ts'

export async function auditedShop(): Promise<AuditedWorld> {
  const system = createOrdersSystem()
  const discount = { kind: 'percent', value: 10 } as const
  const wonBy = ['ann', 'bob'].map((userId) => [`spring ${userId}`, { discount }] as const)
  system.issued(new Map(wonBy))
  system.stores.coupons.tables.issuerNext.set(0, 3)
  const { payments, heal } = awayFor(system, 'fay-1')
  const process = await system.run({ payments })
  await supply(system)
  await system.pass(1_000)
  await system.append(
    placed('ann-1', { tea: 2, cup: 1 }, 0),
    placed('bob-1', { tea: 1 }, 1),
    placed('cat-1', { tea: 3 }),
    placed('dan-1', { ghost: 1 }),
    placed('eve-1', { tea: 1 }, 2),
    placed('fay-1', { tea: 1 }),
  )
  const nonsense = { key: 'x', value: Buffer.from('nonsense') }
  await system.log.append(ordersTopic, [nonsense])
  await system.pass(20_000)
  heal()
  await operate(system)
  await system.pass(20_000)
  await process.close()
  return auditedSystem(system)
}

async function supply(system: OrdersSystem): Promise<void> {
  const by = { by: 'op' }
  const tea = { productId: 'tea', name: 'Tea', price: 150, stock: 10 }
  const cup = { productId: 'cup', name: 'Cup', price: 999, stock: 2 }
  await system.append(
    { type: 'product.created', ...tea, ...by, commandId: 'c1' },
    { type: 'product.created', ...cup, ...by, commandId: 'c2' },
    { type: 'stock.added', productId: 'tea', add: 5, ...by, commandId: 'c3' },
    { type: 'product.created', ...tea, price: 1, ...by, commandId: 'c4' },
    { type: 'stock.added', productId: 'pot', add: 5, ...by, commandId: 'c5' },
    { type: 'wallet.topped_up', userId: 'ann', amount: 5_000, ...by, commandId: 't1' },
    { type: 'wallet.topped_up', userId: 'cat', amount: 1_000, ...by, commandId: 't2' },
    { type: 'wallet.topped_up', userId: 'fay', amount: 1_000, ...by, commandId: 't3' },
    { type: 'wallet.topped_up', userId: 'gus', amount: 1_000, ...by, commandId: 't4' },
  )
}

/** One of the letters that wait is re-driven, another one discarded. */
async function operate({ log, stores }: OrdersSystem): Promise<void> {
  const letters = [...stores.letters.tables.letters.values()]
  const idOf = (name: string, isWhole: boolean) => {
    const of = letters.find((it) => it.consumer === name && it.redrivable === isWhole)
    return of?.id ?? ''
  }
  const act = { by: 'op', commandId: 'x' }
  await log.append(deadLettersTopic, [
    entryOf({ type: 'dead_letter.redriven', deadLetterId: idOf('payment-step', true), ...act }),
    entryOf({ type: 'dead_letter.discarded', deadLetterId: idOf('stock-step', false), ...act }),
  ])
}

/** The built-in wallet, which cannot be reached about one order until it is healed. */
function awayFor({ stores }: OrdersSystem, orderId: string): { payments: Payments; heal(): void } {
  const wallet = createWallet(stores.wallet)
  let isAway = true
  const payments: Payments = {
    ...wallet,
    limits: { ...wallet.limits, questionsPerCallMax: 1 },
    async ask(questions, withinMs) {
      const isOf = questions.some(({ payment }) => payment.orderId === orderId)
      if (isAway && isOf) return questions.map(() => ({ kind: 'failed', reason: 'away' }))
      return wallet.ask(questions, withinMs)
    },
  }
  return { payments, heal: () => void (isAway = false) }
}
