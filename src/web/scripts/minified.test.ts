import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { minified } from './minified.ts'

describe('a minified script', () => {
  const cases: [string, string, string?][] = [
    ['loses white space and comments', 'f( 1 ,\n 2 , ) // so', 'f(1,2)\n'],
    ['keeps words apart, and signs', 'typeof a in b\nc + +d - -e', 'typeof a in b\nc+ +d- -e\n'],
    [
      'keeps a line end that may end a statement',
      'f()\n;[1].map(g)\nreturn\n',
      'f();[1].map(g)\nreturn\n',
    ],
    ['shortens what is declared', 'const wide = f\nwide(wide)', 'let a=f\na(a)\n'],
    ['shortens private fields', 'class Some { #field = 1 }', 'class a{#b=1}\n'],
    ['has numbers where they are used', 'const waitMs = 1_000\nf(waitMs)', 'f(1000)\n'],
    ['leaves a number that a parameter hides', 'const n = 1\nf((n) => n)', 'let a=1\nf((a)=>a)\n'],
    ['leaves properties', 'const name = a.name\nf({ name })', 'let name=a.name\nf({name})\n'],
    ['leaves globals', 'const URL = 1\nURL()', 'let URL=1\nURL()\n'],
    ['leaves methods', 'const run = { run() {} }', 'let run={run(){}}\n'],
    ['leaves texts', "const some = 'a  some'", "let a='a  some'\n"],
    ['leaves patterns', 'const some = /a  some[/]/g\nsome / some', 'let a=/a  some[/]/g\na/a\n'],
    [
      'reads values in templates',
      'const some = `some ${{ a: some }} ${`${some}`}`',
      'let b=`some ${{a:b}} ${`${b}`}`\n',
    ],
  ]
  for (const [name, given, expected] of cases) {
    it(name, () => assert.equal(minified(given), expected))
  }

  it('does the same', () => {
    const script = `
const factor = 3
function summed(list, { start = 0, ...rest } = {}) {
  let sum = start
  for (const [index, value] of list.entries()) {
    if (value > 1) sum += value * factor
    else sum -= index
  }
  return { sum, keys: Object.keys(rest), text: \`\${sum}: \${list.map((one) => \`<\${one}>\`)}\` }
}
class Counter {
  #count = 0
  get count() {
    return this.#count
  }
  add(more = 1) {
    this.#count += more
    return this
  }
}
const started = new Counter()
  .add()
  .add(4)
JSON.stringify([summed([1, 2, 3], { start: 5, other: 1 }), started.count, 'a-b'.replace(/-/g, '/')])
`
    const small = minified(script)
    assert.ok(small.length < script.length * 0.75, small)
    assert.equal(runInNewContext(small), runInNewContext(script))
  })
})
