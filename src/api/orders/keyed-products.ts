// Which product an operator's Idempotency-Key was given for: asked with it for another one, or for
// other content, nothing is made. It follows from what the stock step has stored, so every node
// knows it, also after a restart. What is not stored yet, whoever has taken the key knows.

import { createHash } from 'node:crypto'
import type { ProductMessage } from '../../domain/orders/messages.ts'
import type { GivenKey } from '../../ports/given-keys.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { idOfKey } from './order-answers.ts'

type Content = Omit<Extract<ProductMessage, { type: 'product.created' }>, 'type' | 'commandId'>
export type KeyedProduct = { key: string; content: Content }
/** `commandId`: with what the record has to be sent; null: the key was given for something else. */
export type KeyedCommand = { given: GivenKey; commandId: string | null }
type Reader = Pick<OrdersReader, 'productCommands'>

export class KeyedProducts {
  private readonly newId: () => string
  private readonly underWay = new Map<string, Promise<unknown>>()

  constructor(newId: () => string) {
    this.newId = newId
  }

  /** One after the other for each key: the second of two at once finds what the first has made. */
  async run<Answer>(
    product: KeyedProduct,
    reader: Reader,
    send: (command: KeyedCommand) => Promise<Answer>,
  ): Promise<Answer> {
    const prefix = idOfKey(product.content.by, `product\n${product.key}`)
    const before = this.underWay.get(prefix) ?? Promise.resolve()
    const answer = before
      .catch(() => null)
      .then(async () => send(await this.commandOf(prefix, product.content, reader)))
    this.underWay.set(prefix, answer)
    return answer.finally(() => {
      if (this.underWay.get(prefix) === answer) this.underWay.delete(prefix)
    })
  }

  private async commandOf(prefix: string, content: Content, reader: Reader): Promise<KeyedCommand> {
    const commandId = `${prefix}.${hashOf(content)}`
    const given = { key: prefix, givenFor: commandId }
    const done = (await reader.productCommands(prefix)).filter(({ outcome }) => {
      return outcome === 'done' || outcome === 'unchanged'
    })
    if (done.some((command) => command.commandId !== commandId)) return { given, commandId: null }
    // Done already: another record says so, by what the product is like.
    return { given, commandId: done.length === 0 ? commandId : this.newId() }
  }
}

/** In one order of the fields, whatever that of the request was. */
function hashOf({ productId, name, price, stock }: Content): string {
  return createHash('sha256')
    .update(JSON.stringify([productId, name, price, stock]))
    .digest('base64url')
}
