import { expect, test } from 'vitest';
import { differences } from '../src/parts/differences';

test('what tells two states apart are their keys', () => {
  const before = { name: 'contoso', require: { tls: true, tls_version: 'TLSv1.2' } };
  const after = { name: 'contoso', require: { tls: true, tls_version: 'TLSv1.3', spf: 'pass' } };
  expect(differences(before, after)).toEqual([
    { key: 'require.tls_version', from: 'TLSv1.2', to: 'TLSv1.3' },
    { key: 'require.spf', from: '', to: 'pass' },
  ]);
  expect(differences(null, { name: 'new' })).toEqual([{ key: 'name', from: '', to: 'new' }]);
  expect(differences(null, undefined)).toEqual([]);
});
