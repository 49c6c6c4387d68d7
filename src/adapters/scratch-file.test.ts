import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScratchFile } from './scratch-file.ts'

test('a scratch file gives back what was written, and leaves nothing behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'firstcome-test-'))
  const scratch = createScratchFile(directory)
  try {
    const first = await scratch.write(Buffer.from('first'))
    const second = await scratch.write(Buffer.from('and second'))
    assert.equal((await scratch.read(second + 4, 6)).toString(), 'second')
    assert.equal((await scratch.read(first, 8)).toString(), 'firstand')
    assert.deepEqual(readdirSync(directory), [])
    await assert.rejects(scratch.read(second, 11), /nothing was written at 15/)
  } finally {
    await scratch.close()
    await rm(directory, { recursive: true })
  }
})

test('a scratch file keeps apart what is written at the same time', async () => {
  const scratch = createScratchFile()
  const texts = Array.from({ length: 20 }, (_, n) => `${n} `.repeat(20_000 + n))
  const positions = await Promise.all(texts.map((text) => scratch.write(Buffer.from(text))))
  for (const [n, text] of texts.entries()) {
    assert.equal((await scratch.read(positions[n] ?? 0, text.length)).toString(), text)
  }
  await scratch.close()
})

test('where no file can be made, it is said where, and what to do', async () => {
  const scratch = createScratchFile('/nowhere/at/all')
  await assert.rejects(scratch.write(Buffer.from('some')), {
    code: 'store_unavailable',
    message: /^\/nowhere\/at\/all takes no temporary file: .*ENOENT.*name another .* by TMPDIR$/,
  })
  await scratch.close()
})
