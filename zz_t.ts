import { openTerminal, Key } from "./tests/support/pty.ts";
await using t = openTerminal([Deno.execPath(),"run","--no-prompt","--allow-net","--allow-read","--allow-write","--allow-env","client.ts","localhost:18080"]);
try {
await t.waitFor("ftp localhost:18080:/> ");
await t.type("si"+Key.TAB); await t.waitFor("size ");
await t.type("my"+Key.TAB); await t.waitFor("my\\ f");
await t.type("i"+Key.TAB); await t.waitFor("file.txt ");
await t.enter(""); await t.waitFor("MB");
await t.enter("sizee"); await t.waitFor("did you mean size");
await t.waitFor("> ");
await t.enter("rm a.txt"); await t.waitFor("(Y/N)");
await t.enter("maybe"); await t.waitFor("(Y/N)");
await t.type(Key.CTRL_D); await t.waitFor("canceled");await t.waitFor("> ");
await t.enter("rm a.txt"); await t.waitFor("(Y/N)");
await t.type(Key.CTRL_C); await t.waitFor("canceled");await t.waitFor("> ");
await t.type(Key.CTRL_Z);
await t.type("foo"+Key.CTRL_C); await t.waitFor("^C");await t.waitFor("> ");
await t.type(Key.UP); await t.waitFor("rm a.txt"); await t.type(Key.CTRL_C);
await t.enter("ls\rpwd\rlpwd"); await t.waitFor("/work/main");
await t.type(Key.CTRL_D); await t.waitFor("ended");
console.log("exit", await t.exited);
} catch (e) { console.log(e); }
console.log(t.raw.text.replaceAll("\x1b","\\e"));
