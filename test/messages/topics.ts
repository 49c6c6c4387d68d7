// What docs/messages.md says of each topic, in the order of the page.

import { claimsTopic, couponEventsTopic } from '../../src/domain/coupons/messages.ts'
import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../../src/domain/orders/messages.ts'
import { deadLettersTopic } from '../../src/domain/orders/retries.ts'
import { claimRecords, issuedRecord } from './coupon-records.ts'
import { deadLetterRecords } from './dead-letter-records.ts'
import { orderRecords, productRecords, stepRecords, walletRecords } from './order-records.ts'
import type { TopicPage } from './record-type.ts'

export const topicPages: readonly TopicPage[] = [
  {
    topic: ordersTopic,
    about: [
      'The life of every order, from the request to its end. If you want to know which orders ' +
        'there are and how they ended, read this topic and no other.',
      'An order is placed, then payment is due, then it is confirmed; it can be cancelled at any ' +
        'time before that. What stands here was decided: an order that is confirmed or cancelled ' +
        'stays so. Act on `order.confirmed`, not on the steps. A record may be repeated later, ' +
        'so an `order.placed` can be read after the end of its order.',
    ],
    types: orderRecords,
  },
  {
    topic: orderStepsTopic,
    about: [
      'What the three steps of an order did. Each answers by itself, so coupon and stock come in ' +
        'any order. An answer here is not the end of an order: stock that is held may be let go ' +
        'of again. The append times of this topic and of the orders topic are of one clock, but ' +
        'nothing says which of two topics you read first: be ready for a step of an order whose ' +
        '`order.placed` you have not read yet.',
    ],
    types: stepRecords,
  },
  {
    topic: couponEventsTopic,
    about: [
      'Who won which coupon. It is told after the row is committed, so what you read here can ' +
        'also be asked of the API. The winners of one coupon come in the order of their slots. ' +
        'After a crash some are told again, with the same `ce_id`: the slots then start again ' +
        'from an earlier one.',
    ],
    types: [issuedRecord],
  },
  {
    topic: claimsTopic,
    about: [
      'The log that decides who wins. It holds what was asked, not what came of it: most claims ' +
        'win nothing, and who decides by it must fold it by exactly our rules. Read it to check ' +
        'us; to learn who won, read the coupon events.',
      'These records have no headers: there are many of them in one second, and each is a ' +
        'question, not an event. Bytes that are no such record count for nobody. Tell ' +
        'repeated ones apart by `couponId` and `userId` (claims) or `commandId` (commands).',
    ],
    types: claimRecords,
  },
  {
    topic: productsTopic,
    about: [
      'What operators do about products. A record is a command: a second `product.created` of ' +
        'one id changes nothing, and stock may be refused. What is in stock now is answered by ' +
        '`GET /products/{id}`.',
    ],
    types: productRecords,
  },
  {
    topic: walletsTopic,
    about: [
      'Money that operators put into wallets. A top-up that would take a wallet above its limit ' +
        'is refused, so do not add these up to a balance: ask `GET /wallets/mine`.',
    ],
    types: walletRecords,
  },
  {
    topic: deadLettersTopic,
    about: [
      'Records that no attempt could handle, and what operators did about them. Worth an alarm: ' +
        'a shop without trouble writes nothing here. Who acts on them does so through the API ' +
        '(`/dead-letters`), never by writing here.',
    ],
    types: deadLetterRecords,
  },
]
