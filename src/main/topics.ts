// Every topic there is, in both profiles.

import { claimsTopic, couponEventsTopic } from '../domain/coupons/messages.ts'
import {
  orderStepsTopic,
  ordersTopic,
  productsTopic,
  walletsTopic,
} from '../domain/orders/messages.ts'
import { deadLettersTopic, retryTopics } from '../domain/orders/retries.ts'

export const allTopics = [
  claimsTopic,
  couponEventsTopic,
  ordersTopic,
  orderStepsTopic,
  productsTopic,
  walletsTopic,
  ...retryTopics,
  deadLettersTopic,
] as const
