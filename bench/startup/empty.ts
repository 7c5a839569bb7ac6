// Nothing: how long Deno itself takes to start and to end.
