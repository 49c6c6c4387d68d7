// The payment step over tables in memory and the built-in wallet, which a test may have answer
// otherwise: what is asked, and what the step says.

import {
  createPaymentStepStoreMemory,
  createWalletStoreMemory,
} from '../../src/adapters/memory/payment-stores.ts'
import { type OrderMessage, orderStepsTopic } from '../../src/domain/orders/messages.ts'
import type { PaymentEffect } from '../../src/domain/orders/payment-step.ts'
import { createPaymentStep, type PaymentStepMessage } from '../../src/orders/payment-step.ts'
import { createWallet } from '../../src/orders/wallet.ts'
import type { Payments } from '../../src/ports/payments.ts'
import { drive, saidIn, startTask } from './work-driver.ts'

export function due(orderId: string, total = 300, userId = 'ann'): OrderMessage {
  return { type: 'order.payment_due', orderId, userId, subtotal: total, discount: 0, total }
}
export function cancelled(orderId: string): OrderMessage {
  return { type: 'order.cancelled', orderId, reason: 'timed_out' }
}

type Asking = { questions: readonly PaymentEffect[]; statuses: (string | undefined)[] }

type Options = {
  answering?: (payments: Payments) => Payments['ask']
  limits?: Partial<Payments['limits']>
  capturesItself?: boolean
}

/** Over the built-in wallet, where ann has 1,000; notes what is asked, and what is stored then. */
export function startStep(options: Options = {}) {
  const { answering = (payments) => payments.ask, limits = {}, capturesItself = false } = options
  const store = createPaymentStepStoreMemory()
  const { tables } = store
  tables.balances.set('ann', 1_000)
  const wallet = createWallet(createWalletStoreMemory(tables))
  const asked: Asking[] = []
  const payments: Payments = {
    ...wallet,
    limits: { ...wallet.limits, ...limits },
    ask(questions, withinMs) {
      const statuses = questions.map(({ payment }) => tables.rows.get(payment.orderId)?.status)
      asked.push({ questions, statuses })
      return answering(wallet)(questions, withinMs)
    },
  }
  const step = createPaymentStep(store, payments, { capturesItself })
  const said: string[] = []
  const turn = startTask(step, (records) => {
    for (const { type, orderId } of saidIn(records)) said.push(`${type} ${orderId}`)
    for (const { topic, entry } of records) {
      if (topic !== orderStepsTopic) said.push(`${topic.split('.')[1]} ${entry.key.split('.')[0]}`)
    }
  })
  /** What is said, to the records themselves and then to the answers. */
  async function take(...messages: PaymentStepMessage[]): Promise<string[]> {
    return taken(messages)
  }
  async function taken(messages: PaymentStepMessage[], redrives = 0): Promise<string[]> {
    said.length = 0
    const origin = { topic: 'firstcome.orders', partition: 0, offset: 0, appendedAt: 0 }
    for (const driven of await drive(step, messages, { origin, attempts: 0, redrives })) {
      for (const { type, orderId } of driven.said) said.push(`${type} ${orderId}`)
    }
    await turn()
    return [...said]
  }
  const redrive = (message: PaymentStepMessage) => taken([message], 1)
  return { step, store, tables, asked, take, redrive }
}
