// Mutants of what surrounds the work: the gate's script, which Redis runs, and how a role starts,
// waits, compares the log with its rows, and stops.

import { type MutantsOf, mutantsOf } from './mutant.ts'

const contract = 'the gate contract: Redis'
const script: MutantsOf = {
  file: 'src/adapters/redis/gate.lua',
  test: 'test/contracts/gate.test.ts',
  mutants: [
    ['inBatch[user] or (', '(', `${contract} counts a user who asks again only once`],
    ['or (before and', 'or (not before and', `${contract} knows a user who is on the way`],
    ['tonumber(before)) < seenMs', 'tonumber(before)) < 0', `${contract} takes every user id`],
    ['elseif left > 0', 'elseif left >= 0', `${contract} lets as many through as are left`],
    ['    left = left - 1\n', '', `${contract} lets as many through as are left`],
    ['used = used + 1', 'used = used', `${contract} lets as many through as are left`],
    ['math.max(quantity, ', 'math.min(quantity, ', `${contract} lets through what a restock adds`],
    ['math.max(issued, tonumber(stored[2]) or 0)', '0', `${contract} starts at what is issued`],
    ['base = math.max(base, issued - used)', '', `${contract} counts those who won without it`],
    ['>= fullMs', '>= 2 * fullMs', `${contract} does not stay full where some of those let`],
    [
      'if fullAt and math.abs(now - fullAt) >= fullMs',
      'if fullAt',
      `${contract} stays full for as long as it has waited in vain`,
    ],
    ["PEXPIRE', KEYS[1], keepMs", "PEXPIRE', KEYS[1], 9e6", `${contract} forgets a coupon about`],
    ['math.min(seenMs, keepMs)', 'seenMs', `${contract} forgets a coupon some time after its end`],
  ],
}

const roles = 'src/main/roles'
const check: MutantsOf = {
  file: `${roles}/start-check.ts`,
  test: 'test/integration/database/start-check.test.ts',
  mutants: [
    ['  await checkLog(log, database)\n', '', 'is refused on a log that ends before them'],
    ['refuse(headless, lostBeginnings(bounds))', '', 'whose first records are gone'],
    ['!away.some((one)', '!away.every((one)', 'does not hold what is away against'],
    ['.length === log.partitionsOf(topic)', '.length < 0', 'waits where no partition of the'],
    ['known === own) return', 'known !== null) return', 'with another code secret'],
    ['places.filter((place) => isIn(at, place))', '[]', 'does not hold what is away against'],
    ['faults.length - lines.length', 'lines.length - 1', 'twenty of them at most'],
  ],
}
const older: MutantsOf = {
  file: `${roles}/older-rows.ts`,
  test: 'test/integration/orders/restore.test.ts',
  mutants: [
    [
      'if (partitions?.includes(partition) === false)',
      'if (false)',
      'are missed in the partitions',
    ],
    ['[...replies].filter(([reply]) => !known.has(reply))', '[]', 'are missed in the partitions'],
  ],
}
const starts: MutantsOf[] = [
  {
    file: `${roles}/stops.ts`,
    test: `${roles}/stops.test.ts`,
    mutants: [
      ['if (signal?.aborted) request()', '', 'ends once it is asked to stop'],
      ['stops.move()', 'stops', 'is stopped in reverse order'],
      ['await using stops', 'const stops', 'is stopped at once where the start fails halfway'],
    ],
  },
  {
    file: `${roles}/start-readiness.ts`,
    test: `${roles}/stops.test.ts`,
    mutants: [
      ["if (signal?.aborted) return notReady('stopping')", '', 'again when it stops'],
      ['if (isStarted) return null', '', 'until it has started'],
    ],
  },
  {
    file: `${roles}/wait-for.ts`,
    test: `${roles}/wait-for.test.ts`,
    mutants: [
      ['!(error instanceof PortError) || !error.retryable', 'false', 'waiting cannot help'],
      ['if (!said) say()', '', 'says at once that it waits'],
      ['    cancel()\n', '', 'says at once that it waits'],
    ],
  },
  {
    file: `${roles}/late-partitions.ts`,
    test: `${roles}/late-partitions.test.ts`,
    mutants: [
      ['      await checked({ topic, partition })\n', '', 'does not say where it ends before'],
      ['if (signal.aborted) return', '', 'is stopped before'],
      ['comparison.damage = error', '', 'ends the role, and never says it'],
    ],
  },
  {
    file: `${roles}/payment-setting.ts`,
    test: `${roles}/payment-setting.test.ts`,
    mutants: [
      ['(await members()) > 0', 'false', 'is refused, until they are gone'],
      ['if (now !== own) throw', 'if (false) throw', 'only one goes on'],
    ],
  },
]

const full = 'Where the disk is full, what is read waits until it can be noted, or the reader ends.'
const later = 'is written a while later where it'
const shortages: readonly MutantsOf[] = [
  {
    file: 'src/adapters/read-marks.ts',
    test: 'src/adapters/read-marks.test.ts',
    mutants: [
      ['if (isNoRoom(error)) return false', 'if (isNoRoom(error)) return true', full],
      ['if (closing.signal.aborted) return', 'if (closing.signal.aborted) break', full],
    ],
  },
  {
    file: 'src/api/claims/snapshots/fold-snapshots.ts',
    test: 'src/api/claims/snapshots/fold-snapshots.test.ts',
    mutants: [
      ['this.tryAgain(everyRecords / 2)', 'this.wantedSince += 9e9', `${later} was the turn of`],
      ['      this.tryAgain(everyRecords)\n', '', `${later} could not be written`],
    ],
  },
]

const sooner: MutantsOf = {
  file: 'src/api/server.ts',
  test: 'test/integration/http/stop.test.ts',
  mutants: [['      serverApp.makeUses()\n', '', 'what calls need is made once they are answered']],
}

const lock: MutantsOf = {
  file: 'src/adapters/data-directory.ts',
  test: 'test/integration/embedded/data-directory-lock.test.ts',
  mutants: [
    [
      'const isEnding = isEndingProcess(readOwner(path)?.pid)',
      'const isEnding = false',
      'A killed holder that has not ended yet is waited for',
    ],
    ['if (!isEnding || waits', 'if (waits', 'A second process is refused at once'],
  ],
}

export const roleMutants = mutantsOf([script, check, older, lock, sooner, ...starts, ...shortages])
