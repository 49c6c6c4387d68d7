// The records of products and wallets as operators' commands: who applies them, and under which id.

import { createHash } from 'node:crypto'
import type { ProductMessage, WalletMessage } from '../../domain/orders/messages.ts'
import { entryOf, keyOf, topicOf } from '../../domain/orders/records.ts'
import type { OperatorCommand } from './order-answers.ts'

export function operatorCommand(message: ProductMessage | WalletMessage): OperatorCommand {
  const name = { key: keyOf(message), commandId: message.commandId }
  const record = { name, topic: topicOf(message), entry: entryOf(message) }
  switch (message.type) {
    case 'product.created':
      return { ...record, by: 'stock-step', amount: null }
    case 'stock.added':
      return { ...record, by: 'stock-step', amount: message.add }
    case 'wallet.topped_up':
      return { ...record, by: 'payment-step', amount: message.amount }
  }
}

/**
 * The id of the command that an operator gave an Idempotency-Key. As JSON, so that no operator's
 * name can run into another's key; as a hash, because a record has no room for the longest two.
 */
export function commandIdOf(by: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([by, key]))
    .digest('base64url')
}
