// Every bound of the calls about orders, with its reason. Tests pass other ones.

export type OrderLimits = { readonly [Name in keyof typeof orderLimits]: number }

export const orderLimits = {
  /** How long a request waits for an order's end, or for a command, before it is 'pending'. */
  answerWaitMsMax: 5_000,
  /** Requests at work at once, each of which may wait for an order's end or a command's. */
  atWorkMax: 20_000,
  /**
   * An order that would take longer now is not taken: less than `answerWaitMsMax`, because what is
   * expected is not what comes.
   */
  expectedMsMax: 4_000,
  /** How long a client is told to wait at most before it asks again. */
  retryAfterMsMax: 10_000,
  /** Placed and not ended, that this node remembers: some hundred bytes each, seldom more. */
  liveOrdersMax: 100_000,
  /** How long to wait for what other nodes have appended before an order is unknown. */
  watchWaitMsMax: 2_000,
  /** Whoever waits for an end asks SQL so often, in case its record was missed. */
  lookForEndEveryMs: 1_000,
  /** The record of the end has come, but SQL was not yet found to know of it. */
  lookForStoredEndMs: 50,
  /** Records of one append: large enough that one sync serves a rush of orders. */
  ordersPerBatchMax: 1_000,
  /** Orders that wait for an append to one partition, about a second; beyond it: busy. */
  ordersWaitingMax: 10_000,
  /**
   * From one append of orders to the next: what comes meanwhile goes all its way together, and so
   * costs little more than one. Who comes alone waits for nothing.
   */
  placeEveryMsMin: 40,
  /** The same of redemptions, for which a till waits twice. */
  appendEveryMsMin: 5,
  /** From one query for commands to the next while somebody waits. */
  lookEveryMs: 10,
  /** The same after a query that has failed. */
  lookAgainMs: 100,
  /** Commands that wait at once: operators are few, and one query asks about all of them. */
  commandsWaitingMax: 1_000,
  /** Of one query: some megabytes of orders. */
  ordersPerReadMax: 1_000,
  /** Ids that wait for a query: about a second of work. */
  readsWaitingMax: 20_000,
  /** Of one read; people have given up by then. */
  readWaitMsMax: 5_000,
} as const
