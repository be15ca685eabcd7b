import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** `vite build`: the page, for browsers. */
const page: UserConfig = {
  root: path("page"),
  build: {
    outDir: path("dist/page"),
    emptyOutDir: true,
    // The content security policy allows files of this origin, but no inline scripts and no data: images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        shop: path("page/index.html"),
        order: path("page/order.html"),
        "demo-wallet": path("page/demo-wallet.ts"),
      },
      output: {
        // The demo server adds it to the page by this name; nothing else loads it.
        entryFileNames: ({ name }) =>
          name === "demo-wallet" ? "assets/demo-wallet.js" : "assets/[name]-[hash].js",
      },
    },
  },
};

/** `vite build --ssr`: the backend, for Node. Its dependencies stay in node_modules. */
const server: UserConfig = {
  build: {
    outDir: path("dist/server"),
    emptyOutDir: true,
    target: "node20",
    rolldownOptions: {
      input: { main: path("server/main.ts"), demo: path("server/demo.ts") },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
    },
  },
  ssr: { external: true },
};

export default defineConfig(({ isSsrBuild }) => (isSsrBuild === true ? server : page));
