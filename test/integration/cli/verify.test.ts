// `firstcome verify` and the verifier of a hundred lines: the same sales, honest and planted, given
// to both through the public calls and through a saved file.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { readSettings } from '../../../src/config/settings.ts'
import { cosign, formatWitnessKey, witnessKey } from '../../../src/domain/proof/cosignature.ts'
import {
  formatVerifierKey,
  parseNote,
  parseSignature,
  rawPublicKey,
  signatureLine,
} from '../../../src/domain/proof/signed-note.ts'
import { runVerify, type VerifyOptions } from '../../../src/main/commands/verify/verify.ts'
import { CommandError, exitCodes } from '../../../src/main/context.ts'
import {
  checkpointOf,
  couponId,
  honestLeaves,
  keyOf,
  otherKey,
  ownKey,
  type Publication,
  publish,
  receiptOf,
  serveSale,
} from '../../models/published-sale.ts'
import { cheats, without } from '../../models/sale-cheats.ts'
import { runCli } from '../processes/cli-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'firstcome-verify-'))
after(() => rmSync(directory, { recursive: true }))
const program = join(import.meta.dirname, '../../../tools/verify-sale.mjs')
const honest = honestLeaves()
const ownKeyText = formatVerifierKey(keyOf(ownKey))

function file(name: string, content: string | object): string {
  const path = join(directory, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function newWitness(name: string) {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    signer: { name, privateKey },
    key: formatWitnessKey(witnessKey(name, rawPublicKey(privateKey))),
  }
}

type Ended = { exitCode: number; out: string }
type Given = Omit<VerifyOptions, 'coupon'> & { coupon?: string }

async function verify(given: Given): Promise<Ended> {
  const read = readSettings({}, {}, { command: 'verify', names: [] })
  assert.ok(read.ok)
  let out = ''
  const tell = (said: string) => {
    out += said
  }
  const { settings } = read
  const exitCode = await runVerify(
    { coupon: couponId, ...given },
    { settings, out: tell, err: tell },
  )
  return { exitCode, out }
}

/** In a thread, because a process for every cheat would take long. */
async function verifySmall(given: Given): Promise<Ended> {
  const { sale, coupon = couponId, key, receipt, witness = [] } = given
  const flags = [
    ...Object.entries({ coupon, key, receipt }),
    ...witness.map((one) => ['witness', one]),
  ]
  const argv = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
  const worker = new Worker(program, { argv: [sale, ...argv], stdout: true, stderr: true })
  const exited = new Promise<number>((resolve, reject) => {
    worker.once('exit', resolve)
    worker.once('error', reject)
  })
  const [out, err, exitCode] = await Promise.all([text(worker.stdout), text(worker.stderr), exited])
  return { exitCode, out: out + err }
}

const verifiers = { 'firstcome verify': verify, 'tools/verify-sale.mjs': verifySmall } as const
type Verifier = keyof typeof verifiers
/** Ten thousand are tried where nothing is started for each (sale-check.test.ts). */
const flipsOf: Readonly<Record<Verifier, number>> = {
  'firstcome verify': 200,
  'tools/verify-sale.mjs': 6,
}

async function withSale(said: Publication, check: (url: string) => Promise<void>): Promise<void> {
  const { url, close } = await serveSale(said)
  try {
    await check(url)
  } finally {
    await close()
  }
}

for (const name of Object.keys(verifiers) as Verifier[]) {
  const run = verifiers[name]
  describe(name, () => {
    test('says what is proved of an honest sale, and where the receipt stands', async () => {
      await withSale(publish(honest), async (url) => {
        const key = file('key.txt', `${ownKeyText}\n`)
        const prefixKey = file('prefix.txt', formatVerifierKey(keyOf(ownKey, 'coupons.example')))
        const ann = file('ann.json', receiptOf(honest, 'ann'))
        const earlier = file('earlier.json', receiptOf(honest.slice(0, 10), 'dan'))
        const nobody = file('nobody.json', receiptOf(honest, 'nobody'))
        const runs = [
          { sale: url },
          { sale: `${url}/`, key },
          { sale: url, key: prefixKey, receipt: ann },
          { sale: url, receipt: earlier },
          { sale: url, receipt: nobody },
        ]
        for (const given of runs) {
          const { exitCode, out } = await run(given)
          assert.equal(exitCode, 0, out)
          assert.match(out, /Proved/)
          assert.match(out, /Not proved/)
          if (given.receipt === ann) assert.match(out, /slot(:| is) 2/)
          assert.equal(/itself|its own key/.test(out), given.key === undefined, out)
        }
      })
    })

    for (const { name: cheat, said, receipt, says } of cheats) {
      test(`ends with 1 and words where ${cheat}`, async () => {
        const path = receipt === undefined ? undefined : file('receipt.json', receipt)
        await withSale(said, async (sale) => {
          const { exitCode, out } = await run({
            sale,
            ...(path === undefined ? {} : { receipt: path }),
          })
          assert.equal(exitCode, 1, out)
          assert.match(out, /does not hold/)
          assert.doesNotMatch(out, /\n\s+at |Proved/)
          // Each has words of its own; of a leaf that does not follow, both name the number.
          const [entry] = (receipt === undefined && /^entry \d+/.exec(says.source)) || []
          assert.match(out, run === verify ? says : new RegExp(entry ?? 'does not hold: ...'))
        })
      })
    }

    test('finds any bit of the entries that is changed', async () => {
      const lines = honest.map((leaf) => `${leaf}\n`).join('')
      for (let turn = 0; turn < flipsOf[name]; turn += 1) {
        // Spread over all bytes and bits.
        const bit = (turn * 7919 + 5) % (lines.length * 8)
        const bytes = Buffer.from(lines)
        bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
        const leaves = bytes.toString().split('\n').slice(0, -1)
        await withSale({ ...publish(honest), leaves }, async (sale) => {
          const { exitCode, out } = await run({ sale })
          assert.equal(exitCode, 1, `bit ${bit}: ${out}`)
          assert.match(out, /does not hold/)
        })
      }
    })

    test('trusts no other key than the one that it was given, and only this coupon', async () => {
      const other = file('other.txt', formatVerifierKey(keyOf(otherKey)))
      await withSale(publish(honest), async (sale) => {
        assert.equal((await run({ sale, key: other })).exitCode, 1)
        assert.equal((await run({ sale, coupon: 'second-sale' })).exitCode, 1)
      })
      const foreign = checkpointOf(honest, ownKey, 'coupons.example/coupons/second-sale')
      await withSale({ ...publish(honest), checkpoint: foreign }, async (sale) => {
        assert.equal((await run({ sale })).exitCode, 1)
      })
    })

    test('verifies a saved file without the service, and finds it cut or changed', async () => {
      const save = join(directory, 'sale.txt')
      await withSale(publish(honest), async (sale) => {
        assert.equal((await verify({ sale, save })).exitCode, 0)
      })
      const receipt = file('dan.json', receiptOf(honest, 'dan'))
      const { exitCode, out } = await run({ sale: save, receipt })
      assert.equal(exitCode, 0, out)
      const whole = readFileSync(save)
      for (const at of [0, 30, 100, 300, 700, 1500, whole.length - 40, whole.length - 1]) {
        const copy = Buffer.from(whole)
        copy[at] = (copy[at] ?? 0) ^ 1
        writeFileSync(save, copy)
        assert.equal((await run({ sale: save })).exitCode, 1, `a bit of byte ${at}`)
        writeFileSync(save, whole.subarray(0, at))
        assert.equal((await run({ sale: save })).exitCode, 1, `cut at ${at}`)
      }
    })

    test('takes what an old key has signed where it is trusted, and names every other key', async () => {
      const keys = [ownKeyText, formatVerifierKey(keyOf(otherKey))]
      const both = file('both.txt', `${keys.join('\n')}\n`)
      const receipt = file('old.json', receiptOf(honest.slice(0, 10), 'dan', otherKey))
      const { id } = keyOf(otherKey)
      await withSale(publish(honest), async (sale) => {
        const trusted = await run({ sale, key: both, receipt })
        assert.equal(trusted.exitCode, 0, trusted.out)
        const strange = await run({ sale, receipt })
        assert.equal(strange.exitCode, 1, strange.out)
        assert.ok(strange.out.includes(id), strange.out)
      })
      // A fork by a key that is trusted is one all the same.
      const forked = receiptOf(without(honest, 2), 'ann', otherKey)
      await withSale(publish(honest), async (sale) => {
        const found = await run({ sale, key: both, receipt: file('forked.json', forked) })
        assert.equal(found.exitCode, 1, found.out)
        assert.match(found.out, /another tree of 15 entries/)
      })
    })

    test('says who has cosigned, and who has not, and refuses a false cosignature', async () => {
      const [witness, missing] = ['witness.example', 'partner.example'].map(newWitness)
      assert.ok(witness && missing)
      const said = publish(honest)
      const signed = `${parseNote(said.checkpoint)?.text}`
      const checkpoint = said.checkpoint + cosign(signed, witness.signer, 1_777_777_777)
      const save = join(directory, 'cosigned.txt')
      const given = [witness.key, file('partners.txt', `${missing.key}\n`)]
      await withSale({ ...said, checkpoint }, async (sale) => {
        assert.equal((await verify({ sale, save })).exitCode, 0)
        const { exitCode, out } = await run({ sale, witness: given })
        assert.equal(exitCode, 0, out)
        assert.match(out, /Cosigned by witness\.example/)
        assert.match(out, /(NOT cosigned by|that) partner\.example.*(\n|has not cosigned it)/)
        assert.doesNotMatch(out, /Cosigned by partner/)
      })
      const alone = await run({ sale: save, witness: given.slice(0, 1) })
      assert.match(alone.out, /Cosigned by witness\.example/)
      assert.doesNotMatch(alone.out, /not cosigned/i)

      // Of another text, by another key under its name and id, and cut.
      const ofOther = cosign(`${parseNote(checkpointOf(honest.slice(1)))?.text}`, witness.signer, 1)
      const good = parseSignature(cosign(signed, witness.signer, 1).trimEnd())
      assert.ok(good)
      const cut = signatureLine({ ...good, signature: good.signature.subarray(0, 40) })
      const flipped = Buffer.from(good.signature)
      flipped[7] = (flipped[7] ?? 0) ^ 1
      for (const line of [ofOther, cut, signatureLine({ ...good, signature: flipped })]) {
        await withSale({ ...said, checkpoint: said.checkpoint + line }, async (sale) => {
          const { exitCode, out } = await run({ sale, witness: [witness.key] })
          assert.equal(exitCode, 1, out)
          assert.match(out, /witness\.example/)
          assert.equal((await run({ sale, witness: [missing.key] })).exitCode, 0, 'not asked for')
        })
      }
      const { exitCode } = await run({ sale: save, witness: [ownKeyText] })
      assert.equal(exitCode, 1)
    })

    test('says in words where what it is given is nothing of the kind', async () => {
      const broken = file('broken.txt', '{"a":')
      await withSale(publish(honest), async (sale) => {
        for (const given of [{ receipt: broken }, { key: broken }]) {
          const { exitCode, out } = await run({ sale, ...given })
          assert.equal(exitCode, 1, out)
          assert.match(out, /does not hold/)
        }
      })
      for (const said of [
        { checkpoint: 'x' },
        { key: 'x' },
        { leaves: ['x', ...honest.slice(1)] },
      ]) {
        await withSale({ ...publish(honest), ...said }, async (sale) => {
          assert.equal((await run({ sale })).exitCode, 1)
        })
      }
    })
  })
}

test('The small verifier has at most a hundred lines and imports nothing but Node.', () => {
  const source = readFileSync(program, 'utf8')
  assert.ok(source.trimEnd().split('\n').length <= 100)
  const imported = [...source.matchAll(/from '([^']+)'|import\('([^']+)'\)/g)]
  assert.ok(imported.length > 0)
  for (const [, name = ''] of imported) assert.match(name, /^node:/)
})

test('A service that nobody reaches, and a file that is not there, are told by their exit codes.', async () => {
  const ends = (given: Given) => {
    return verify(given).then(
      () => 0,
      (error: unknown) => (error instanceof CommandError ? error.exitCode : null),
    )
  }
  assert.equal(await ends({ sale: 'http://127.0.0.1:1' }), exitCodes.unreachable)
  assert.equal(await ends({ sale: join(directory, 'nothing') }), exitCodes.wrongUsage)
})

test('Both run as programs of their own.', async () => {
  await withSale(publish(honest), async (url) => {
    const save = join(directory, 'whole.txt')
    const { exitCode, out, err } = await runCli([
      'verify',
      url,
      '--coupon',
      couponId,
      '--save',
      save,
    ])
    assert.equal(err, '')
    assert.equal(exitCode, 0, out)
    const small = spawnSync(process.execPath, [program, save, '--coupon', couponId])
    assert.equal(small.status, 0, small.stdout.toString() + small.stderr.toString())
  })
})
