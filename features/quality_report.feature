Feature: Everyone can see how well the promise is kept
  A promise that cannot be checked is worth nothing to those who answer for the answers.
  The report says what was served, how sure that was, and what was held back.

  Rule: The report counts what was asked and what memory answered

    Example: Nothing was checked yet
      Given the question "How do I reset my password?" was answered
      When the report is read
      Then it says that no check has been made yet

    Example: A little traffic
      Given the question "How do I reset my password?" was answered
      And "How can I reset my password?" was answered from memory
      When the report is read
      Then it tells of 2 questions, half of them answered from memory
      And it promises that at most 1 % are answered wrongly

    Example: Another budget
      Given the question "How do I reset my password?" was answered
      And "How can I reset my password?" was answered from memory
      When the report is read
      Then it tells what memory would answer if 5 % might be wrong

  Rule: The report shows what was held back, and why

    Example: A near miss
      Given the question "Can I return the shoes within 14 days?" was answered
      And "Can I return the shoes within 30 days?" was asked
      When the report is read
      Then its nearest miss is "Can I return the shoes within 30 days?" because of numbers

  Rule: A budget that was exceeded is said to be, and memory holds back

    Example: A complaint of a newcomer, who has no budget for it yet
      Given "How can I reset my password?" was reported to be answered wrongly by "How do I reset my password?"
      When the report is read
      Then it says that the budget is exceeded

  Rule: Nobody reads about others

    Example: Another customer
      Given the question "How do I reset my password?" was answered
      When Globex reads the report
      Then it tells of nothing
