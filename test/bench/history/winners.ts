// What the winners of one coupon hold in the memory of a node, and how long a turn of its event
// loop takes at most while they become ten million.

import { fileURLToPath } from 'node:url'
import { run } from '../child-process.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import type { WinnersHeld } from './winners-main.ts'

const sizes = { full: 10_000_000, quick: 1_000_000 }
const main = fileURLToPath(import.meta.resolve('./winners-main.ts'))

export async function measureWinners({ quick, bounded }: PartOptions): Promise<PartReport> {
  const winners = quick ? sizes.quick : sizes.full
  const command = { args: ['--expose-gc', main, String(winners)], cores: undefined }
  const { output } = await bounded(run(command))
  const held = JSON.parse(output) as WinnersHeld
  const heapEach = held.heapBytes / winners
  const buffersEach = held.bufferBytes / winners
  const bytesAWinner = heapEach + buffersEach
  const text = [
    `${winners.toLocaleString('en')} winners of one coupon, as a node folds them`,
    `memory a winner                ${bytesAWinner.toFixed(1)} B: heap ${heapEach.toFixed(1)}, ` +
      `buffers outside it ${buffersEach.toFixed(1)}`,
    `longest turn of 1,000 records  ${held.longestMs.toFixed(1)} ms, of the processor ` +
      `${held.longestProcessorMs.toFixed(1)} ms`,
    '',
  ].join('\n')
  const figures = { bytesAWinner, longestStopMs: held.longestMs }
  return { text, figures, voids: [], report: held }
}
