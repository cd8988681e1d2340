// Airflow 3 takes what a plugin's module leaves in this place for a component of React's, and puts it
// on every page. The server puts in the text, as JSON.
globalThis.AirflowPlugin = () =>
  globalThis.React.createElement(
    "footer",
    {
      id: "astronomer-footer",
      style: {
        position: "fixed",
        right: 0,
        bottom: 0,
        zIndex: 1,
        padding: "2px 10px",
        borderTopLeftRadius: "6px",
        background: "#4a4466",
        color: "#fffefd",
        fontSize: "12px",
      },
    },
    @LINE@,
  );
