// The declarations of @connectrpc/connect use this global name, which lib.dom.d.ts has and @types/node has not. Without
// `"dom"` in `lib`, a project that checks its libraries needs this line.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
