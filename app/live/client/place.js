// Tells the server where the lab's addresses begin, where it takes them to begin elsewhere: what it hears of the
// browser's address is, inside a frame of the same site, that of the page around it.

export default function place({ data, setStateValue }) {
  const root = new URL(".", document.baseURI).href;
  if (root !== data.root) setStateValue("root", root);
}
