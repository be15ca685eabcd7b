// The declarations of @connectrpc/connect use this global name. lib.dom.d.ts declares it, but @types/node
// does not. Without `"dom"` in `lib`, a project that checks its libraries needs this line.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
