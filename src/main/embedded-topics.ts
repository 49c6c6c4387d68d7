// The topics of the embedded log and their partitions, whose number may never change.

import { claimsTopic, couponEventsTopic } from '../domain/coupons/messages.ts'
import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../domain/orders/messages.ts'
import { deadLettersTopic, retryTopics } from '../domain/orders/retries.ts'

/** As many as a small Kafka cluster would have, so that both profiles take the same paths. */
export const embeddedTopics = {
  [claimsTopic]: 4,
  [couponEventsTopic]: 4,
  [ordersTopic]: 4,
  [orderStepsTopic]: 4,
  [productsTopic]: 4,
  [walletsTopic]: 4,
  [retryTopics[0]]: 4,
  [retryTopics[1]]: 4,
  [deadLettersTopic]: 4,
}
