// Every topic there is, in both profiles.

import { claimsTopic, couponEventsTopic } from '../../domain/coupons/messages.ts'
import { orderTopics } from '../../domain/orders/topics.ts'

export const allTopics = [claimsTopic, couponEventsTopic, ...orderTopics] as const
