// What docs/messages.md says of each topic, in the order of the page.

import { couponEvents } from '../../src/domain/coupons/coupon-events.ts'
import { claims } from '../../src/domain/coupons/messages.ts'
import { deadLetters } from '../../src/domain/orders/dead-letter-messages.ts'
import { orderSteps, orders, products, wallets } from '../../src/domain/orders/messages.ts'
import { type Topic } from '../../src/domain/record.ts'
import { type RecordType, recordTypes } from './record-type.ts'

export type TopicPage = {
  topic: string
  /** Paragraphs of Markdown. */
  about: readonly string[]
  types: readonly RecordType[]
}

const pages: readonly { topic: Topic; about: readonly string[] }[] = [
  {
    topic: orders,
    about: [
      'The life of every order, from the request to its end. If you want to know which orders ' +
        'there are and how they ended, read this topic and no other.',
      'An order is placed, then payment is due, then it is confirmed; it can be cancelled ' +
        'at any time before that. What stands here was decided: an order that is cancelled ' +
        'stays so, and one that is confirmed until it is returned. Act on `order.confirmed`, ' +
        'not on the steps. A record may be repeated later, so an `order.placed` can be read ' +
        'after the end of its order.',
      'A confirmed order can be returned, whole and once: `order.return_asked` is a wish, ' +
        'by its user or an operator; `order.return_due` says that it was in time, and ' +
        '`order.returned` that money, pieces and coupon are back. Act on `order.returned`.',
    ],
  },
  {
    topic: orderSteps,
    about: [
      'What the three steps of an order did. Each answers by itself, so coupon and stock come in ' +
        'any order. An answer here is not the end of an order: stock that is held may be let go ' +
        'of again. The append times of this topic and of the orders topic are of one clock, but ' +
        'nothing says which of two topics you read first: be ready for a step of an order whose ' +
        '`order.placed` you have not read yet.',
    ],
  },
  {
    topic: couponEvents,
    about: [
      'Who won which coupon, and which were revoked. It is published after the row is committed, ' +
        'so what you read here can also be asked of the API. The winners of one coupon come in ' +
        'the order of their slots. After a crash some are published again, with the same ' +
        '`ce_id`: the slots then start again from an earlier one.',
    ],
  },
  {
    topic: claims,
    about: [
      'The log that decides who wins. It holds what was asked, not what came of it: most claims ' +
        'win nothing, and who decides by it must fold it by exactly our rules. Read it to check ' +
        'us; to learn who won, read the coupon events.',
      'These records have no headers: there are many of them in one second, and each is a ' +
        'question, not an event. Bytes that are no such record count for nobody. Tell ' +
        'repeated ones apart by `couponId` and `userId` (claims) or `commandId` (commands).',
    ],
  },
  {
    topic: products,
    about: [
      'What operators do about products. A record is a command: a second `product.created` of ' +
        'one id changes nothing, and stock may be refused. What is in stock now is answered by ' +
        '`GET /products/{id}`.',
    ],
  },
  {
    topic: wallets,
    about: [
      'Money that operators put into wallets. A top-up that would take a wallet above its limit ' +
        'is refused, so do not add these up to a balance: ask `GET /wallets/mine`.',
    ],
  },
  {
    topic: deadLetters,
    about: [
      'Records that no attempt could handle, and what operators did about them. Worth an alarm: ' +
        'a shop without trouble writes nothing here. Who acts on them does so through the API ' +
        '(`/dead-letters`), never by writing here.',
    ],
  },
]

export const topicPages: readonly TopicPage[] = pages.map(({ topic, about }) => {
  return { topic: topic.topic, about, types: recordTypes(topic) }
})
