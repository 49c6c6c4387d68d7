// Every topic of orders. Whoever reads all of them, or opens them to fix their ends, does so in
// this order: what is decided comes before what was said about it, and what failed comes last.

import { orderStepsTopic, ordersTopic, productsTopic, walletsTopic } from './messages.ts'
import { deadLettersTopic, retryTopics } from './retries.ts'

export const orderTopics = [
  ordersTopic,
  orderStepsTopic,
  productsTopic,
  walletsTopic,
  ...retryTopics,
  deadLettersTopic,
] as const
